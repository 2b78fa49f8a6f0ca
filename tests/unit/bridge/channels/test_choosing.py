"""One confirmation and one undo for an act, however many pieces it comes in (D2, S15)."""

from bridge.channels import choosing
from bridge.channels.choosing import QUIET, TOGETHER, Desk
from bridge.routing.decision import Places
from storage.choices import changes, consents, correspondents, preferences
from storage.choices.consents import Purpose
from storage.deliveries.terms import Channel, Choice, Ladder, Preference, Road
from storage.mail import documents, standing
from tests.unit.storage.conftest import NOW, Office, Person
from tests.unit.storage.conftest import anna as anna
from tests.unit.storage.conftest import bram as bram
from tests.unit.storage.conftest import office as office

KEY = b"k" * 32


def desk_of(person: Person) -> Desk:
    return Desk(person.account, KEY, Places())


def senders(office: Office, count: int) -> list[int]:
    return [office.store.write_now(correspondents.note, f"sender{number}@example.org") for number in range(count)]


def choose(office: Office, person: Person, sender: int, now: int, channel: Channel = Channel.REFUSE) -> None:
    office.store.write_now(choosing.choose, desk_of(person), [sender], channel, Road.MOVE, now)


def chosen(office: Office, person: Person) -> dict[int | None, Channel | None]:
    found = office.store.read_now(preferences.of_account, person.account.id)
    return {each.correspondent_id: each.choice.channel for each in found}


def confirmations(office: Office) -> int:
    sql = "SELECT count(*) FROM standing_message JOIN copy USING (document_id) WHERE topic LIKE 'confirmation:%'"
    (count,) = office.rows(sql)[0]
    return int(count)


def rewritten(office: Office, now: int) -> int:
    found = office.store.read_now(standing.to_write, now)
    return sum(office.store.write_now(choosing.rewrite, KEY, each, now) for each in found)


def test_pieces_of_an_act_are_confirmed_once_and_anew_when_it_is_quiet(office: Office, anna: Person) -> None:
    wanted = senders(office, 12)
    for place, sender in enumerate(wanted):
        choose(office, anna, sender, NOW + place)
    assert confirmations(office) == 1
    quiet = NOW + len(wanted) - 1 + QUIET
    assert rewritten(office, quiet - 1) == 0
    first = len(office.store.read_now(documents.copies_of, anna.inbox))
    assert rewritten(office, quiet) == 1
    assert confirmations(office) == 1
    assert len(office.store.read_now(documents.copies_of, anna.inbox)) == first
    assert rewritten(office, quiet) == 0
    office.store.write_now(choosing.undo, desk_of(anna), None, quiet)
    assert chosen(office, anna) == {}


def test_a_sender_chosen_twice_in_one_act_is_as_before_it_when_undone(office: Office, anna: Person) -> None:
    (sender,) = senders(office, 1)
    choose(office, anna, sender, NOW - 2 * TOGETHER, Channel.MAILBOX)
    choose(office, anna, sender, NOW, Channel.REFUSE)
    choose(office, anna, sender, NOW + 1, Channel.MAILBOX)
    office.store.write_now(choosing.undo, desk_of(anna), None, NOW + 3)
    assert chosen(office, anna) == {sender: Channel.MAILBOX}


def test_what_comes_later_is_an_act_of_its_own(office: Office, anna: Person) -> None:
    one, two = senders(office, 2)
    choose(office, anna, one, NOW)
    choose(office, anna, two, NOW + TOGETHER + 1)
    assert confirmations(office) == 2
    office.store.write_now(choosing.undo, desk_of(anna), None, NOW + TOGETHER + 2)
    assert chosen(office, anna) == {one: Channel.REFUSE}


def test_preferences_shown_are_written_anew_when_they_change_elsewhere(office: Office, anna: Person) -> None:
    (sender,) = senders(office, 1)
    office.store.write_now(choosing.show, desk_of(anna), sender, NOW)
    before = office.store.read_now(documents.copies_of, anna.inbox)
    by = {"road": Road.CLI, "actor": "test", "changed_by": None, "now": NOW + 1}
    office.store.write_now(changes.change, anna.account.id, [sender], None, Choice(channel=Channel.REFUSE), **by)
    assert rewritten(office, NOW + 60) == 1
    after = office.store.read_now(documents.copies_of, anna.inbox)
    assert len(after) == len(before)
    assert after[-1].uid > before[-1].uid


def by_email(person: Person) -> Desk:
    return Desk(person.account, KEY, Places({Channel.EMAIL: "NL"}, frozenset({"NL"})))


def reachable(office: Office, person: Person) -> None:
    office.change(
        "UPDATE account SET contact_email = 'a@b.test', contact_email_verified_at = 1 WHERE id = ?", person.account.id
    )


def test_documents_leave_for_senders_alone_for_whom_somebody_vouches(
    office: Office, anna: Person, bram: Person
) -> None:
    reachable(office, anna)
    (stranger,), known = senders(office, 1), office.store.write_now(correspondents.note, bram.account.id)
    office.store.write_now(choosing.choose, by_email(anna), [stranger, known], Channel.EMAIL, Road.MOVE, NOW)
    assert chosen(office, anna) == {known: Channel.EMAIL}


def test_choosing_a_channel_again_is_agreeing_to_its_carriers_again(
    office: Office, anna: Person, bram: Person
) -> None:
    reachable(office, anna)
    known, account = office.store.write_now(correspondents.note, bram.account.id), anna.account.id
    office.store.write_now(consents.note_carriers, account, [Channel.EMAIL], road=Road.CLI, now=NOW - 2)
    office.store.write_now(consents.withdraw, account, Purpose.CARRIERS, None, Channel.EMAIL, now=NOW - 1)
    office.store.write_now(choosing.choose, by_email(anna), [known], Channel.EMAIL, Road.MOVE, NOW)
    assert chosen(office, anna) == {known: Channel.EMAIL}
    assert office.store.read_now(consents.declined, [account]).get(account, frozenset()) == frozenset()


def test_steps_for_unread_documents_go_with_the_mailbox_and_stay_with_it(office: Office, anna: Person) -> None:
    one, two = senders(office, 2)
    for sender in (one, two):
        steps = Preference(Choice(ladder=Ladder.parse("3:remind")), anna.account.id, None, sender)
        office.store.write_now(preferences.put, steps, NOW)
    choose(office, anna, one, NOW, Channel.REFUSE)
    choose(office, anna, two, NOW, Channel.MAILBOX)
    found = {each.correspondent_id: each for each in office.store.read_now(preferences.of_account, anna.account.id)}
    assert [str(found[sender].choice.ladder or "") for sender in (one, two)] == ["", "3:remind"]


def test_another_road_is_another_act_and_so_is_what_follows_an_undo(office: Office, anna: Person) -> None:
    one, two, three = senders(office, 3)
    choose(office, anna, one, NOW)
    office.store.write_now(choosing.choose, desk_of(anna), [two], Channel.REFUSE, Road.REPLY, NOW + 1)
    assert confirmations(office) == 2
    office.store.write_now(choosing.undo, desk_of(anna), None, NOW + 2)
    assert chosen(office, anna) == {one: Channel.REFUSE}
    office.store.write_now(choosing.choose, desk_of(anna), [three], Channel.REFUSE, Road.REPLY, NOW + 3)
    assert confirmations(office) == 3
    office.store.write_now(choosing.undo, desk_of(anna), None, NOW + 4)
    assert chosen(office, anna) == {one: Channel.REFUSE}
