"""Holds: placed, lifted, ended; and what they keep in mailboxes."""

from typing import Any

import pytest

from storage.erasures import holds
from storage.erasures.holds import Hold
from storage.errors import Held, Invalid, NotFound
from storage.mail import documents, mailboxes
from storage.records import Flag
from tests.unit.storage.conftest import NOW, Office, Person

DAY = 24 * 3600


def placed(office: Office, person: Person, document: str | None = None, **changed: Any) -> Hold:
    values: dict[str, object] = {
        "reason": "case 7",
        "basis": "AWR 52",
        "ends_at": NOW + DAY,
        "by": None,
        "now": NOW,
        "document_public_id": document,
    }
    return office.store.write_now(holds.place, person.account.id, **(values | changed))  # type: ignore[arg-type]


def deleted(office: Office, mailbox_id: int, *uids: int) -> None:
    office.flag(mailbox_id, Flag.DELETED, *((uid, uid) for uid in uids))


def test_a_hold_is_listed_and_lifted(office: Office, anna: Person) -> None:
    hold = placed(office, anna)
    assert office.store.read_now(holds.in_force, anna.account.id, NOW) == [hold]
    lifted = office.store.write_now(holds.lift, hold.id, anna.account.id, NOW + 5)
    assert (lifted.lifted_by, lifted.lifted_at) == (anna.account.id, NOW + 5)
    assert office.store.read_now(holds.in_force, anna.account.id, NOW) == []
    assert office.store.read_now(holds.listing, anna.account.id) == [lifted]
    with pytest.raises(NotFound):
        office.store.write_now(holds.lift, hold.id, None, NOW + 6)
    kinds = [row[0] for row in office.rows("SELECT kind FROM audit_event ORDER BY position")]
    assert kinds[-2:] == ["hold.placed", "hold.lifted"]


def test_a_hold_ends_by_itself(office: Office, anna: Person) -> None:
    hold = placed(office, anna)
    with pytest.raises(Held):
        office.store.read_now(holds.check, anna.account.id, NOW + DAY - 1)
    office.store.read_now(holds.check, anna.account.id, NOW + DAY)
    with pytest.raises(NotFound):
        office.store.write_now(holds.lift, hold.id, None, NOW + DAY)


@pytest.mark.parametrize(
    "changed",
    [
        {"reason": ""},
        {"basis": " "},
        {"reason": "x" * 501},
        {"basis": "a\x1b"},
        {"ends_at": NOW},
        {"ends_at": NOW + holds.LONGEST + 1},
    ],
)
def test_what_is_not_a_hold_is_refused(office: Office, anna: Person, changed: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        placed(office, anna, **changed)


def test_a_document_that_the_account_does_not_have_cannot_be_held(office: Office, anna: Person, bram: Person) -> None:
    delivered = office.deliver(b"letter", anna)
    with pytest.raises(NotFound):
        placed(office, bram, delivered.document_public_id)


def test_a_held_document_is_not_expunged_and_the_rest_is(office: Office, anna: Person, bram: Person) -> None:
    held = office.deliver(b"held", anna, bram)
    office.deliver(b"free", anna)
    placed(office, anna, held.document_public_id)
    deleted(office, anna.inbox, 1, 2)
    assert office.store.write_now(documents.expunge, anna.inbox, None, NOW) == [2]
    kept = office.store.read_now(holds.kept, anna.inbox, NOW)
    assert kept is not None
    assert kept.ends_at == NOW + DAY
    assert office.store.write_now(documents.expunge, anna.inbox, None, NOW + DAY) == [1]
    assert office.store.read_now(holds.kept, anna.inbox, NOW + DAY) is None
    deleted(office, bram.inbox, 1)
    assert office.store.write_now(documents.expunge, bram.inbox, None, NOW) == [1], "held in anna's account only"


def test_without_the_time_a_hold_counts_as_in_force(office: Office, anna: Person) -> None:
    office.deliver(b"held", anna)
    placed(office, anna)
    deleted(office, anna.inbox, 1)
    assert office.store.write_now(documents.expunge, anna.inbox) == []


def test_moving_about_is_free_as_long_as_one_copy_stays(office: Office, anna: Person) -> None:
    """Clients without MOVE copy, mark and expunge."""
    office.deliver(b"held", anna)
    placed(office, anna)
    archive = office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "Archive")
    office.store.write_now(documents.copy, anna.inbox, [(1, 1)], archive.id)
    deleted(office, anna.inbox, 1)
    assert office.store.write_now(documents.expunge, anna.inbox, None, NOW) == [1]
    deleted(office, archive.id, 1)
    assert office.store.write_now(documents.expunge, archive.id, None, NOW) == []


def test_of_two_deleted_copies_in_two_mailboxes_none_goes(office: Office, anna: Person) -> None:
    office.deliver(b"held", anna)
    placed(office, anna)
    archive = office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "Archive")
    office.store.write_now(documents.copy, anna.inbox, [(1, 1)], archive.id)
    deleted(office, anna.inbox, 1)
    deleted(office, archive.id, 1)
    assert office.store.write_now(documents.expunge, anna.inbox, None, NOW) == []
    assert office.store.write_now(documents.expunge, archive.id, None, NOW) == []


def test_a_mailbox_with_the_last_copy_of_something_held_stays(office: Office, anna: Person) -> None:
    held = office.deliver(b"held", anna)
    mailbox = office.store.write_now(mailboxes.create, anna.account.id, anna.keys, "Mine", NOW)
    office.store.write_now(documents.copy, anna.inbox, [(1, 1)], mailbox.id)
    placed(office, anna, held.document_public_id)
    deleted(office, anna.inbox, 1)
    office.store.write_now(documents.expunge, anna.inbox, None, NOW)
    with pytest.raises(Held):
        office.store.write_now(mailboxes.delete, anna.account.id, anna.keys, "Mine", NOW)
    office.store.write_now(mailboxes.delete, anna.account.id, anna.keys, "Mine", NOW + DAY)
    assert office.rows("SELECT 1 FROM document") == []


def test_two_copies_in_the_mailbox_that_goes_are_no_way_round(office: Office, anna: Person) -> None:
    office.deliver(b"held", anna)
    mailbox = office.store.write_now(mailboxes.create, anna.account.id, anna.keys, "Mine", NOW)
    office.store.write_now(documents.move, anna.inbox, [(1, 1)], mailbox.id)
    office.store.write_now(documents.copy, mailbox.id, [(1, 1)], mailbox.id)
    placed(office, anna)
    with pytest.raises(Held):
        office.store.write_now(mailboxes.delete, anna.account.id, anna.keys, "Mine", NOW)
