"""Who may choose by moving a message, and what a full mailbox or a legal hold make of it (D2, S47, S65)."""

import pytest

from bridge.channels import choosing, control_mail, moves
from bridge.channels.choosing import Desk, NotEnrolled
from bridge.channels.control_mail import Letter
from bridge.routing.decision import Places
from bridge.routing.wishes import Act, Wish
from storage.choices import correspondents, preferences
from storage.deliveries.terms import Channel, Road
from storage.erasures import holds
from storage.mail import documents, mailboxes
from storage.records import AccountState, Mailbox
from tests.unit.storage.conftest import NOW, Office, Person
from tests.unit.storage.conftest import anna as anna
from tests.unit.storage.conftest import bram as bram
from tests.unit.storage.conftest import office as office

KEY = b"k" * 32
EVERYTHING = [(1, 2**32 - 1)]


def folder(office: Office, person: Person, channel: Channel) -> Mailbox:
    found = office.store.read_now(mailboxes.listing, person.account.id, person.keys)
    return next(each for each in found if each.chooses is channel)


def move(office: Office, person: Person) -> None:
    """All of the inbox into the folder that refuses."""
    desk, target = Desk(person.account, KEY, Places()), folder(office, person, Channel.REFUSE)
    office.store.write_now(moves.carry, desk, person.inbox, EVERYTHING, target, True, NOW)


def chosen(office: Office, person: Person) -> list[Channel | None]:
    return [each.choice.channel for each in office.store.read_now(preferences.of_account, person.account.id)]


@pytest.mark.parametrize("state", [AccountState.SUSPENDED, AccountState.CLOSED, AccountState.INVITED])
def test_a_connection_that_outlived_its_account_chooses_nothing(
    office: Office, anna: Person, bram: Person, state: AccountState
) -> None:
    """By a move, by a letter, by an undo: each asks anew in its own transaction."""
    office.deliver(b"letter", anna, sender_account_id=bram.account.id)
    sender = office.store.write_now(correspondents.note, bram.account.id)
    office.change("UPDATE account SET state = ? WHERE id = ?", state, anna.account.id)
    with pytest.raises(NotEnrolled):
        move(office, anna)
    desk = Desk(anna.account, KEY, Places())
    for wish in (Wish(Act.CHOOSE, Channel.REFUSE), Wish(Act.UNDO, None)):
        letter = Letter(wish, Road.REPLY, (), automatic=False)
        office.store.write_now(control_mail.obey, desk, "delivery", letter, NOW)
    with pytest.raises(NotEnrolled):
        office.store.write_now(choosing.choose, desk, [sender], Channel.REFUSE, Road.REPLY, NOW)
    assert chosen(office, anna) == []


def test_what_a_hold_keeps_can_be_moved_and_is_where_it_was(office: Office, anna: Person, bram: Person) -> None:
    """A hold keeps documents; how later ones come is still their reader's to choose."""
    office.deliver(b"letter", anna, sender_account_id=bram.account.id)
    more = {"reason": "case 7", "basis": "AWR 52", "ends_at": NOW + 999, "by": None, "now": NOW}
    office.store.write_now(holds.place, anna.account.id, **more)
    (before,) = office.store.read_now(documents.copies_of, anna.inbox)
    move(office, anna)
    after = [each.document_id for each in office.store.read_now(documents.copies_of, anna.inbox)]
    assert before.document_id in after
    assert chosen(office, anna) == [Channel.REFUSE]


def test_a_full_mailbox_still_chooses_and_is_told(office: Office, anna: Person, bram: Person) -> None:
    office.deliver(b"letter", anna, sender_account_id=bram.account.id)
    office.change("UPDATE account SET used_bytes = quota_bytes WHERE id = ?", anna.account.id)
    move(office, anna)
    assert chosen(office, anna) == [Channel.REFUSE]
    assert len(office.store.read_now(documents.copies_of, anna.inbox)) == 3, (
        "with the confirmation and what holds now"
    )
