"""Deliveries: one body, a wrap and a copy each; UIDs; quota; duplicates; the end of a document."""

import asyncio
from dataclasses import replace

import pytest

from storage.engine.bodies import new_name
from storage.engine.statements import rows
from storage.errors import Invalid, NotFound, OverQuota
from storage.mail import documents, mailboxes
from storage.mail.documents import DEDUPE_SECONDS
from storage.oversight import audit
from storage.people import accounts, addresses
from storage.records import Flag, MailboxChange
from tests.unit.storage.conftest import NOW, Office, Person


def counts(office: Office) -> tuple[int, ...]:
    """Documents, cards, inline bodies, wraps, indexed cards, copies."""
    tables = ("document", "card", "inline_body", "wrap", "indexed_card", "copy")
    return tuple(office.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables)


def test_many_recipients_share_one_document(office: Office, anna: Person, bram: Person) -> None:
    delivered = office.deliver(b"to both", anna, bram, keywords=("Invoice",), flags=Flag.FLAGGED)

    assert delivered.copies == ((anna.inbox, 1), (bram.inbox, 1))
    assert counts(office) == (1, 1, 1, 2, 0, 2)
    (copy,) = office.store.read_now(mailboxes.select, bram.inbox, bram.keys).copies
    assert (copy.uid, copy.flags, copy.keywords, copy.internal_date) == (1, Flag.FLAGGED, ("Invoice",), NOW)


def test_five_hundred_recipients_in_one_transaction(office: Office, anna: Person) -> None:
    targets = []

    def make(session):  # type: ignore[no-untyped-def]
        for number in range(20):
            targets.append(mailboxes.create(session, anna.account.id, anna.keys, f"f{number}", NOW).id)

    office.store.write_now(make)
    people = (anna,) * 500
    delivered = office.deliver(b"x", *people, mailbox_ids=tuple(targets * 25))
    assert sorted(uid for _, uid in delivered.copies) == sorted(list(range(1, 26)) * 20)
    assert counts(office) == (1, 1, 1, 1, 0, 500)


async def test_uids_are_dense_and_never_shared_under_concurrency(office: Office, anna: Person) -> None:
    seen: list[int] = []
    office.store.listen(lambda change: seen.extend(copy.uid for copy in change.arrived))  # type: ignore[union-attr]
    drafts = [office.draft(b"%d" % number, anna) for number in range(60)]
    results = await asyncio.gather(*(office.store.write(documents.deliver, draft, NOW) for draft in drafts))
    assert sorted(result.copies[0][1] for result in results) == list(range(1, 61))
    assert seen == list(range(1, 61))


def test_a_uid_is_never_used_twice(office: Office, anna: Person) -> None:
    office.deliver(b"1", anna)
    office.deliver(b"2", anna)
    office.flag(anna.inbox, Flag.DELETED, (1, 2))
    assert office.store.write_now(documents.expunge, anna.inbox) == [1, 2]
    office.reopen()
    assert office.deliver(b"3", anna).copies == ((anna.inbox, 3),)


def test_a_document_id_is_never_used_twice(office: Office, anna: Person) -> None:
    """Caches key on it: a new document must not be taken for one that is gone."""
    office.deliver(b"1", anna)
    (first,) = office.rows("SELECT id FROM document")
    office.flag(anna.inbox, Flag.DELETED, (1, 1))
    office.store.write_now(documents.expunge, anna.inbox)
    office.deliver(b"2", anna)
    assert office.rows("SELECT id FROM document") != [first]


def test_the_same_transaction_again_is_stored_once(office: Office, anna: Person) -> None:
    tag = b"t" * 32
    first = office.deliver(b"same", anna, dedupe_tag=tag)
    again = office.deliver(b"same", anna, dedupe_tag=tag)
    assert not first.duplicate
    assert again.duplicate
    assert again.document_public_id == first.document_public_id
    assert again.copies == ()
    assert counts(office)[0] == 1


def test_a_duplicate_is_known_after_its_document_is_gone(office: Office, anna: Person) -> None:
    tag = b"t" * 32
    office.deliver(b"same", anna, dedupe_tag=tag)
    office.flag(anna.inbox, Flag.DELETED, (1, 1))
    office.store.write_now(documents.expunge, anna.inbox)
    assert office.deliver(b"same", anna, dedupe_tag=tag).duplicate


def test_a_hand_in_is_forgotten_in_the_end(office: Office, anna: Person) -> None:
    draft = office.draft(b"same", anna, dedupe_tag=b"t" * 32)
    office.store.write_now(documents.deliver, draft, NOW)
    later = office.draft(b"same", anna, dedupe_tag=b"t" * 32)
    assert not office.store.write_now(documents.deliver, later, NOW + DEDUPE_SECONDS + 1).duplicate


def test_the_body_file_of_a_duplicate_is_deleted(office: Office, anna: Person) -> None:
    for _ in range(2):
        name = new_name()
        draft = office.draft(b"same", anna, dedupe_tag=b"t" * 32, body_name=name)
        office.store.bodies.write(name, draft.sealed.sealed_body)
        office.store.write_now(documents.deliver, draft, NOW)
    office.reopen()
    assert len(list(office.store.bodies.names())) == 1


def test_quota_counts_a_document_once_per_account(office: Office, anna: Person) -> None:
    office.deliver(b"x" * 1000, anna, anna)
    assert office.store.read_now(accounts.used_bytes, anna.account.id) == 1000
    office.store.write_now(documents.copy, anna.inbox, [(1, 1)], anna.inbox)
    assert office.store.read_now(accounts.used_bytes, anna.account.id) == 1000
    office.flag(anna.inbox, Flag.DELETED, (1, 2))
    office.store.write_now(documents.expunge, anna.inbox)
    assert office.store.read_now(accounts.used_bytes, anna.account.id) == 1000
    office.flag(anna.inbox, Flag.DELETED, (3, 3))
    office.store.write_now(documents.expunge, anna.inbox)
    assert office.store.read_now(accounts.used_bytes, anna.account.id) == 0


def test_a_full_account_is_refused_before_and_by_append(office: Office) -> None:
    carla = office.person("carla", quota_bytes=1500)
    resolve = addresses.resolve
    assert office.store.read_now(resolve, carla.account.email, 1500).recipient == carla.recipient
    with pytest.raises(OverQuota):
        office.store.read_now(resolve, carla.account.email, 1501)
    office.deliver(b"x" * 1600, carla)
    with pytest.raises(OverQuota):
        office.store.read_now(resolve, carla.account.email, 0)
    with pytest.raises(OverQuota):
        office.store.write_now(documents.append, office.draft(b"more", carla), NOW)


def test_append_needs_a_mailbox_of_the_reader(office: Office, anna: Person, bram: Person) -> None:
    draft = office.draft(b"x", anna)
    with pytest.raises(NotFound):
        office.store.write_now(documents.append, replace(draft, mailbox_ids=(bram.inbox,)), NOW)
    with pytest.raises(NotFound):
        office.store.write_now(documents.deliver, replace(draft, mailbox_ids=(bram.inbox,)), NOW)
    with pytest.raises(Invalid):
        office.store.write_now(documents.deliver, replace(draft, mailbox_ids=()), NOW)
    assert counts(office) == (0, 0, 0, 0, 0, 0)


def test_copy_is_a_row_more_and_reads_alike(office: Office, anna: Person) -> None:
    office.deliver(b"1", anna)
    office.deliver(b"2", anna, keywords=("a",))
    target = office.store.write_now(mailboxes.create, anna.account.id, anna.keys, "Kept", NOW)
    validity, pairs = office.store.write_now(documents.copy, anna.inbox, [(2, 2), (1, 9)], target.id)
    assert validity == target.uid_validity
    assert pairs == [(1, 1), (2, 2)]
    originals = office.store.read_now(documents.copies_of, anna.inbox)
    copied = office.store.read_now(documents.copies_of, target.id)
    assert [one._replace(modseq=0) for one in originals] == [one._replace(modseq=0) for one in copied]
    assert counts(office) == (2, 2, 2, 2, 0, 4)


def test_move_leaves_nothing_behind_and_tells_both_mailboxes(office: Office, anna: Person) -> None:
    office.deliver(b"1", anna)
    office.deliver(b"2", anna)
    target = office.store.write_now(mailboxes.create, anna.account.id, anna.keys, "Kept", NOW)
    changes: list[MailboxChange] = []
    office.store.listen(changes.append)  # type: ignore[arg-type]
    assert office.store.write_now(documents.move, anna.inbox, [(1, 2)], target.id)[1] == [(1, 1), (2, 2)]
    assert office.store.read_now(documents.copies_of, anna.inbox) == []
    assert counts(office) == (2, 2, 2, 2, 0, 2)
    arrived, gone = changes
    assert (arrived.mailbox_id, [copy.uid for copy in arrived.arrived]) == (target.id, [1, 2])
    assert (gone.mailbox_id, gone.expunged) == (anna.inbox, (1, 2))


def test_nothing_is_copied_between_accounts(office: Office, anna: Person, bram: Person) -> None:
    office.deliver(b"1", anna)
    with pytest.raises(Invalid):
        office.store.write_now(documents.copy, anna.inbox, [(1, 1)], bram.inbox)
    with pytest.raises(NotFound):
        office.store.write_now(documents.copy, anna.inbox, [(1, 1)], 999)


def test_vanished_messages_are_no_error(office: Office, anna: Person) -> None:
    assert office.store.write_now(documents.move, anna.inbox, [(5, 9)], anna.inbox)[1] == []
    assert office.store.write_now(documents.expunge, anna.inbox, [(5, 9)]) == []


def test_expunge_takes_only_deleted_ones_in_range(office: Office, anna: Person) -> None:
    for number in range(4):
        office.deliver(b"%d" % number, anna)
    office.flag(anna.inbox, Flag.DELETED, (1, 1), (3, 4))
    assert office.store.write_now(documents.expunge, anna.inbox, [(2, 3)]) == [3]
    assert office.store.write_now(documents.expunge, anna.inbox) == [1, 4]


def test_the_last_reader_takes_document_and_body_along(office: Office, anna: Person, bram: Person) -> None:
    name = new_name()
    draft = office.draft(b"x", anna, bram, body_name=name)
    office.store.bodies.write(name, draft.sealed.sealed_body)
    office.store.write_now(documents.deliver, draft, NOW)
    office.flag(anna.inbox, Flag.DELETED, (1, 1))
    office.store.write_now(documents.expunge, anna.inbox)
    assert counts(office) == (1, 1, 0, 1, 0, 1)
    assert list(office.store.bodies.names()) == [name]

    office.flag(bram.inbox, Flag.DELETED, (1, 1))
    office.store.write_now(documents.expunge, bram.inbox)
    assert counts(office) == (0, 0, 0, 0, 0, 0)
    office.store.close()
    assert list(office.store.bodies.names()) == []


def test_each_delivery_stands_in_the_audit_log_without_content(office: Office, anna: Person) -> None:
    delivered = office.deliver(b"secret words", anna, card=b"secret card")
    (event,) = office.rows("SELECT actor, subject, detail FROM audit_event WHERE kind = 'document.delivered'")
    assert event == ("outside", f"document:{delivered.document_public_id}", f'{{"accounts":[{anna.account.id}]}}')
    assert office.store.read_now(audit.verify, office.store.server_keys) is None


def test_a_mailbox_of_ten_thousand_changes_in_one_statement(office: Office, anna: Person) -> None:
    office.deliver(b"x", *(anna,) * 2000)
    statements: list[str] = []

    def store(session):  # type: ignore[no-untyped-def]
        session.info["driver"].set_trace_callback(statements.append)
        changed = documents.store_flags(session, anna.inbox, [(1, 10**9)], documents.FlagMode.ADD, Flag.SEEN)
        session.info["driver"].set_trace_callback(None)
        return changed

    assert len(office.store.write_now(store)) == 2000
    assert len(statements) == 2
    assert office.store.read_now(rows, "SELECT count(*) FROM copy WHERE flags = 1") == [(2000,)]
