"""Changing preferences: one act, one batch, one event, one undo within a day (S15, S35, S58, S78, D2)."""

import json
import re
from collections.abc import Sequence

import pytest
from sqlmodel import Session

from storage.choices import changes, consents, correspondents, preferences
from storage.choices.changes import Changed
from storage.choices.consents import Purpose
from storage.deliveries.terms import Channel, Choice, DocumentType, Ladder, Notify, Preference, Quiet, Road
from storage.engine import statements
from storage.errors import Conflict, Invalid, NotFound
from storage.people import domains
from tests.unit.storage.conftest import NOW, Office, Person

DAY = 24 * 3600
EVERY_FIELD = Choice(
    Channel.MAILBOX, None, Notify.DAILY, Quiet(1320, 420), Ladder.parse("3:remind 14:paper"), 30, True, "nl"
)


def sender(office: Office, address: str = "billing@energy.test") -> int:
    return office.store.write_now(correspondents.note, address)


def change(
    office: Office, person: Person, senders: list[int | None], edit: Choice, now: int = NOW, **more: object
) -> Changed:
    by = person.account.id
    settings: dict[str, object] = {"road": Road.CLI, "actor": f"account:{by}", "changed_by": by, "now": now, **more}
    kind = settings.pop("kind", None)
    return office.store.write_now(changes.change, by, senders, kind, edit, **settings)  # type: ignore[arg-type]


def undo(office: Office, person: Person, batch: str, now: int = NOW) -> Changed:
    by = person.account.id
    return office.store.write_now(
        changes.undo, by, batch, road=Road.UNDO, actor=f"account:{by}", changed_by=by, now=now
    )


def standing(office: Office, person: Person) -> dict[str, Choice]:
    found = office.store.read_now(preferences.of_account, person.account.id)
    return {preferences.level_of(each): each.choice for each in found}


def agreed(office: Office, person: Person, number: int | None, now: int = NOW, scope: str | None = None) -> bool:
    return office.store.read_now(consents.effective, person.account.id, Purpose.RECEIPTS, number, now, scope)


def events(office: Office) -> list[tuple[str, dict[str, object]]]:
    found = office.rows("SELECT kind, detail FROM audit_event WHERE kind LIKE 'preference.%' ORDER BY position")
    return [(kind, json.loads(detail)) for kind, detail in found]


def test_only_the_given_fields_change_and_a_cleared_one_says_nothing_any_more(office: Office, anna: Person) -> None:
    number = sender(office)
    change(office, anna, [number], EVERY_FIELD)
    change(office, anna, [number], Choice(notify=Notify.NONE), clear={"quiet"})
    assert list(standing(office, anna).values()) == [
        Choice(Channel.MAILBOX, None, Notify.NONE, None, EVERY_FIELD.ladder, 30, True, "nl")
    ]
    change(office, anna, [number], Choice(), clear=changes.EVERYTHING)
    assert standing(office, anna) == {}


def test_one_act_over_many_senders_is_one_batch_one_event_and_one_undo(office: Office, anna: Person) -> None:
    senders: list[int | None] = [sender(office, f"s{number}@energy.test") for number in range(12)]
    change(office, anna, [senders[0], senders[3]], EVERY_FIELD)
    before = standing(office, anna)
    made = change(office, anna, [*senders, *senders], Choice(channel=Channel.REFUSE), NOW + 5, road=Road.MOVE)
    assert [row.new.correspondent_id for row in made.rows] == senders
    assert events(office)[1:] == [("preference.changed", {"batch": made.batch, "levels": 12, "road": "move"})]
    assert made.undo_until == NOW + 5 + DAY
    undo(office, anna, made.batch, NOW + 5 + DAY - 1)
    assert standing(office, anna) == before
    assert [kind for kind, _ in events(office)] == ["preference.changed"] * 3


def test_the_history_has_old_and_new_when_by_whom_and_on_which_road(office: Office, anna: Person) -> None:
    number = sender(office)
    change(office, anna, [number], Choice(channel=Channel.PAPER), road=Road.MOVE)
    made = change(office, anna, [number], Choice(notify=Notify.AT_ONCE), NOW + 9, road=Road.REPLY)
    newest, first = office.store.read_now(changes.listing, anna.account.id)
    assert newest.row.new.correspondent_id == made.rows[0].new.correspondent_id == number
    assert (newest.row.old.choice, newest.row.new.choice) == (
        Choice(channel=Channel.PAPER),
        Choice(channel=Channel.PAPER, notify=Notify.AT_ONCE),
    )
    assert (newest.batch, newest.road, newest.changed_by, newest.changed_at) == (
        made.batch,
        Road.REPLY,
        anna.account.id,
        NOW + 9,
    )
    assert (first.road, first.row.old.choice.is_empty()) == (Road.MOVE, True)
    assert office.store.read_now(changes.listing, anna.account.id, before=newest.id) == [first]


def test_nothing_different_is_no_act(office: Office, anna: Person) -> None:
    number = sender(office)
    change(office, anna, [number], EVERY_FIELD)
    assert change(office, anna, [number], EVERY_FIELD, NOW + 1).rows == ()
    assert len(events(office)) == len(office.store.read_now(changes.listing, anna.account.id)) == 1


def test_undo_is_refused_after_a_day_twice_of_another_and_once_a_later_act_changed_it(
    office: Office, anna: Person, bram: Person
) -> None:
    number, other = sender(office), sender(office, "other@energy.test")
    first = change(office, anna, [number, other], Choice(channel=Channel.PAPER))
    for person, batch in ((bram, first.batch), (anna, "nonsense")):
        with pytest.raises(NotFound):
            undo(office, person, batch)
    with pytest.raises(Invalid):
        undo(office, anna, first.batch, NOW + DAY)
    second = change(office, anna, [other], Choice(channel=Channel.REFUSE), NOW + 1)
    third = change(office, anna, [other], Choice(channel=Channel.PAPER), NOW + 2)
    with pytest.raises(Conflict):  # it looks as the first act left it, and is not: two acts lie between
        undo(office, anna, first.batch, NOW + 3)
    for batch in (third.batch, second.batch, first.batch):
        assert office.store.read_now(changes.last_batch, anna.account.id) == batch
        undo(office, anna, batch, NOW + 4)
        with pytest.raises(NotFound):
            undo(office, anna, batch, NOW + 4)
    assert standing(office, anna) == {}
    assert office.store.read_now(changes.last_batch, anna.account.id) is None


def test_an_act_in_pieces_goes_back_to_what_stood_before_the_first(office: Office, anna: Person) -> None:
    number = sender(office)
    change(office, anna, [number], Choice(channel=Channel.MAILBOX))
    made = change(office, anna, [number], Choice(channel=Channel.REFUSE), NOW + 1)
    change(office, anna, [number], Choice(channel=Channel.EMAIL), NOW + 2, batch=made.batch)
    undo(office, anna, made.batch, NOW + 3)
    assert [each.channel for each in standing(office, anna).values()] == [Channel.MAILBOX]


def test_what_was_changed_since_for_others_or_of_another_type_stands_in_no_ones_way(
    office: Office, anna: Person, bram: Person
) -> None:
    number, other = sender(office), sender(office, "other@energy.test")
    made = change(office, anna, [number], Choice(notify=Notify.DAILY))
    change(office, anna, [other, None], Choice(notify=Notify.NONE), NOW + 1)
    change(office, anna, [number], Choice(notify=Notify.NONE), NOW + 1, kind=DocumentType.INVOICE)
    change(office, bram, [number], Choice(notify=Notify.NONE), NOW + 1)
    undo(office, anna, made.batch, NOW + 2)
    assert len(standing(office, anna)) == 3


def test_an_undo_is_itself_in_the_history_and_not_undone(office: Office, anna: Person) -> None:
    made = change(office, anna, [sender(office)], Choice(channel=Channel.PAPER))
    back = undo(office, anna, made.batch, NOW + 1)
    newest = office.store.read_now(changes.listing, anna.account.id)[0]
    assert (newest.road, newest.batch, newest.can_be_undone(NOW + 1)) == (Road.UNDO, back.batch, False)
    with pytest.raises(NotFound):
        undo(office, anna, back.batch, NOW + 1)


def test_a_folder_is_the_accounts_own_and_a_deleted_one_does_not_come_back(
    office: Office, anna: Person, bram: Person
) -> None:
    number = sender(office)
    with pytest.raises(Invalid):
        change(office, anna, [number], Choice(mailbox_id=bram.recipient.inbox_id))
    office.change("UPDATE mailbox SET special = 'closed' WHERE account_id = ? AND special = 'junk'", anna.account.id)
    ((closed,),) = office.rows("SELECT id FROM mailbox WHERE special = 'closed'")
    with pytest.raises(Invalid):
        change(office, anna, [number], Choice(mailbox_id=closed))
    change(office, anna, [number], Choice(mailbox_id=anna.recipient.inbox_id, notify=Notify.NONE))
    made = change(office, anna, [number], Choice(), NOW + 1, clear={"mailbox_id"})
    office.change("UPDATE preference_change SET old = ? WHERE batch = ?", '{"mailbox_id": 999999}', made.batch)
    undo(office, anna, made.batch, NOW + 2)
    assert standing(office, anna) == {}


def test_what_storage_cannot_keep_is_refused_whole(office: Office, anna: Person) -> None:
    number = sender(office)
    with pytest.raises(NotFound):
        change(office, anna, [number, 999_999], Choice(channel=Channel.PAPER))
    with pytest.raises(Invalid):
        change(office, anna, [None], Choice(channel=Channel.PAPER), kind=DocumentType.INVOICE)
    for days in (-1, 3651):
        with pytest.raises(Invalid):
            change(office, anna, [number], Choice(retention_days=days))
    assert standing(office, anna) == {}


def test_receipts_are_a_consent_given_withdrawn_and_dated(office: Office, anna: Person) -> None:
    number, other = sender(office), sender(office, "other@energy.test")
    assert not agreed(office, anna, number)
    change(office, anna, [number], Choice(receipts=True), consent_until=NOW + 100)
    assert agreed(office, anna, number, NOW + 99)
    assert not agreed(office, anna, number, NOW + 100)
    assert not agreed(office, anna, other)
    before = len(events(office))
    moved = change(office, anna, [number], Choice(receipts=True), consent_until=NOW + 90)
    assert (moved.rows, len(events(office))) == ((), before + 1), "another end is in the log, though no row differs"
    change(office, anna, [number], Choice(receipts=True), consent_until=NOW + 100)
    made = change(office, anna, [number], Choice(receipts=False), NOW + 5)
    assert not agreed(office, anna, number, NOW + 5)
    undo(office, anna, made.batch, NOW + 6)
    assert agreed(office, anna, number, NOW + 99)
    assert not agreed(office, anna, number, NOW + 100)  # the undo gives no more than was given


def test_a_no_for_one_sender_or_type_stands_against_a_yes_for_all(office: Office, anna: Person) -> None:
    number, other = sender(office), sender(office, "other@energy.test")
    change(office, anna, [None], Choice(receipts=True))
    change(office, anna, [number], Choice(receipts=False))
    change(office, anna, [number], Choice(receipts=True), kind=DocumentType.INVOICE)
    assert agreed(office, anna, other)
    assert not agreed(office, anna, number, scope=DocumentType.LETTER)
    assert agreed(office, anna, number, scope=DocumentType.INVOICE)
    change(office, anna, [number], Choice(), clear={"receipts"})
    assert agreed(office, anna, number)


def test_withdrawing_in_the_ledger_turns_the_preference_off_at_once(office: Office, anna: Person) -> None:
    number, by = sender(office), anna.account.id
    change(office, anna, [number], Choice(receipts=True))
    (consent,) = office.store.read_now(consents.of_account, by)
    who = {"road": Road.API, "actor": f"account:{by}", "changed_by": by, "now": NOW + 1}
    office.store.write_now(changes.withdraw_consent, by, consent.id, **who)  # type: ignore[arg-type]
    assert not agreed(office, anna, number, NOW + 1)
    assert [choice.receipts for choice in standing(office, anna).values()] == [False]
    with pytest.raises(NotFound):
        office.store.write_now(changes.withdraw_consent, by, consent.id, **who)  # type: ignore[arg-type]


def test_choosing_a_channel_that_leaves_the_house_accepts_its_carriers(office: Office, anna: Person) -> None:
    number, by = sender(office), anna.account.id
    change(office, anna, [number], Choice(channel=Channel.EMAIL))
    change(office, anna, [None], Choice(ladder=Ladder.parse("3:remind 14:paper")))
    change(office, anna, [number], Choice(notify=Notify.DAILY))
    found = office.store.read_now(consents.of_account, by)
    assert [(each.purpose, each.scope, each.road) for each in found] == [
        (Purpose.CARRIERS, "paper", Road.CLI),
        (Purpose.CARRIERS, "email", Road.CLI),
    ]
    who = {"road": Road.API, "actor": f"account:{by}", "changed_by": by, "now": NOW + 1}
    office.store.write_now(changes.withdraw_consent, by, found[0].id, **who)  # type: ignore[arg-type]
    change(office, anna, [None], Choice(notify=Notify.DAILY), NOW + 2)
    asked = (Purpose.CARRIERS, None, NOW + 2, "paper")
    assert not office.store.read_now(consents.effective, by, *asked)
    change(office, anna, [None], Choice(ladder=Ladder.parse("14:paper")), NOW + 3)
    assert office.store.read_now(consents.effective, by, *asked)
    declined = office.store.read_now(consents.declined, [by])
    assert declined == {}, "accepted again"


@pytest.mark.parametrize("withdrawn", [1, 3])
def test_an_undo_gives_no_consent_to_carriers_back(office: Office, anna: Person, withdrawn: int) -> None:
    """Whether it was withdrawn before the act that is undone or after it: that was an act of its own."""
    number, by = sender(office), anna.account.id
    change(office, anna, [number], Choice(channel=Channel.EMAIL))
    (given,) = office.store.read_now(consents.of_account, by)
    who = {"road": Road.API, "actor": f"account:{by}", "changed_by": by, "now": NOW + withdrawn}
    if withdrawn == 1:
        office.store.write_now(changes.withdraw_consent, by, given.id, **who)  # type: ignore[arg-type]
    made = change(office, anna, [number], Choice(channel=Channel.MAILBOX), NOW + 2)
    if withdrawn == 3:
        office.store.write_now(changes.withdraw_consent, by, given.id, **who)  # type: ignore[arg-type]
    undo(office, anna, made.batch, NOW + 4)
    assert [each.channel for each in standing(office, anna).values()] == [Channel.EMAIL]
    assert office.store.read_now(consents.declined, [by]) == {by: {Channel.EMAIL}}


def test_a_domain_says_what_holds_where_nobody_chose_and_what_is_mandatory(office: Office) -> None:
    domain = office.store.read_now(domains.by_name, "example.test").id
    who = {"road": Road.API, "actor": "operator", "changed_by": None}
    made = office.store.write_now(
        changes.change_domain,
        domain,
        DocumentType.PAYSLIP,
        Choice(),
        mandatory=True,
        now=NOW,
        **who,  # type: ignore[arg-type]
    )
    assert office.store.read_now(preferences.of_domain, domain) == (
        Preference(Choice(), None, domain, None, DocumentType.PAYSLIP, mandatory=True, changed_at=NOW),
    )
    assert [each.row.new.mandatory for each in office.store.read_now(changes.listing_of_domain, domain)] == [True]
    office.store.write_now(changes.undo_domain, domain, made.batch, now=NOW + 1, road=Road.UNDO, actor="operator")
    assert office.store.read_now(preferences.of_domain, domain) == ()
    for edit in (Choice(receipts=True), Choice(mailbox_id=1), Choice(language="nl")):
        with pytest.raises(Invalid):
            office.store.write_now(changes.change_domain, domain, None, edit, now=NOW, **who)  # type: ignore[arg-type]


def test_look_ups_go_by_their_account_however_many_chose_the_same(
    office: Office, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred thousand rows for one sender, or for no domain, are not read to find those of one account."""
    energy = sender(office)
    changed = change(office, anna, [energy], Choice(receipts=True))
    asked: list[tuple[str, Sequence[statements.Value]]] = []
    rows = statements.rows

    def noted(session: Session, sql: str, values: Sequence[statements.Value] = ()) -> list[statements.Row]:
        asked.append((sql, values))
        return rows(session, sql, values)

    with monkeypatch.context() as patched:
        patched.setattr(statements, "rows", noted)
        patched.setattr(statements, "row", lambda *given: next(iter(noted(*given)), None))
        store, account_id = office.store, anna.account.id
        store.read_now(consents.effective, account_id, Purpose.RECEIPTS, energy, NOW, "invoice")
        store.read_now(consents.effective, account_id, Purpose.CARRIERS, None, NOW, "paper")
        store.read_now(changes.listing, account_id)
        undo(office, anna, changed.batch)
    looked = [(sql, values) for sql, values in asked if re.match("SELECT .* FROM (consent|preference_change)", sql)]
    assert len(looked) >= 5
    for sql, values in looked:
        ((*_, how),) = office.rows(f"EXPLAIN QUERY PLAN {sql}", *values)[:1]
        assert "account_id" in how or "ix_preference_change_batch" in how, sql
