"""The second half of a move into a delivery folder: for an hour, and once."""

from storage.mail import chosen
from storage.records import Flag
from tests.unit.storage.conftest import NOW, Office, Person


def test_what_was_chosen_by_comes_back_once_and_for_an_hour_after_the_last_time(
    office: Office, anna: Person, bram: Person
) -> None:
    for _ in range(2):
        office.deliver(b"x", anna, bram)
    office.flag(anna.inbox, Flag.DELETED, (1, 1))
    office.flag(bram.inbox, Flag.DELETED, (1, 2))
    for at in (NOW, NOW + 1000):
        office.store.write_now(chosen.note, anna.account.id, [1, 2], at)
    until = NOW + 1000 + chosen.SECONDS
    assert office.store.write_now(chosen.coming_back, bram.inbox, NOW + 1000) == [], "nobody else's"
    assert office.store.write_now(chosen.coming_back, anna.inbox, until) == []
    assert office.store.write_now(chosen.coming_back, anna.inbox, until - 1) == [1]
    assert office.store.write_now(chosen.coming_back, anna.inbox, until - 1) == []
    office.flag(anna.inbox, Flag.DELETED, (2, 2))
    assert office.store.write_now(chosen.coming_back, anna.inbox, until - 1) == [2]


def test_one_chooses_for_those_who_sent_it_and_not_for_oneself(office: Office, anna: Person, bram: Person) -> None:
    for sender in (bram, anna):
        office.deliver(b"x", anna, bram, sender_account_id=sender.account.id)
    office.deliver(b"x", anna)
    found = office.store.write_now(chosen.senders, anna.account.id, [1, 2, 3])
    assert list(found) == [1]
    assert office.rows("SELECT account_id FROM correspondent") == [(bram.account.id,)]
