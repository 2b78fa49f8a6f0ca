"""Erasure of accounts, documents and fields: nothing is left, nothing of others is touched, the receipt says so."""

import asyncio
import json
from base64 import b64decode
from typing import Any

import pytest

from storage.erasures import account_removal, erasing, erasure, holds, live_places, partial_erasure, receipts
from storage.erasures.erasure import Erasure, LastHolder, LastOwner, State
from storage.erasures.partial_erasure import Field
from storage.erasures.receipts import DAY, Retention
from storage.errors import Busy, Conflict, Held, NotFound, SignInRefused, Tampered
from storage.keys import signing
from storage.mail import documents, mailboxes
from storage.people import accounts, domains
from storage.records import AccountBarred, AccountState, Change, DomainMode, MailboxChange
from tests.unit.storage.conftest import NOW, Office, Person

DUE = NOW + 14 * DAY


def erased(office: Office, person: Person, now: int = NOW) -> Erasure:
    """At once, as a person may ask for their own account."""
    begun = office.store.write_now(erasure.begin, person.account.id, by=person.account.id, now=now)
    return erasing.carry_out(office.store, begun.id, now)


def state(office: Office, person: Person) -> AccountState:
    return office.store.read_now(accounts.by_id, person.account.id).state


def hold(office: Office, person: Person, document: str | None = None, ends_at: int = NOW + DAY) -> holds.Hold:
    return office.store.write_now(
        holds.place,
        person.account.id,
        reason="case 7",
        basis="AWR 52",
        ends_at=ends_at,
        by=None,
        now=NOW,
        document_public_id=document,
    )


def changes(office: Office) -> list[Change]:
    heard: list[Change] = []
    office.store.listen(heard.append)
    return heard


# --- the whole account ---


def test_an_erased_account_leaves_nothing_and_the_others_keep_theirs(
    office: Office, anna: Person, bram: Person
) -> None:
    office.deliver(b"for both", anna, bram)
    office.deliver(b"for anna alone", anna)
    body = "ab" * 16
    office.store.bodies.write(body, b"sealed")
    office.deliver(b"a large one", anna, body_name=body)
    done = erased(office, anna)

    assert done.state is State.DONE
    assert {
        table: count
        for table, count in office.store.read_now(live_places.of_account, anna.account.id).items()
        if count
    } == {}
    assert not any(line[0] for line in office.rows("SELECT count(*) FROM wrap WHERE account_id = ?", anna.account.id))
    assert anna.account.public_id not in office.store.shred.names()
    assert list(office.store.bodies.names()) == []
    assert (office.data / "postex.db-wal").stat().st_size < 200_000
    with pytest.raises(SignInRefused):
        office.keys_of(anna)
    assert office.store.read_now(accounts.recipient, "anna@example.test") is None
    assert len(office.rows("SELECT 1 FROM document")) == 1
    assert office.rows("SELECT state, email, name FROM account WHERE id = ?", anna.account.id) == [
        ("erased", f"{anna.account.public_id}@erased.invalid", "")
    ]


def test_what_was_on_its_way_is_not_taken_any_more(office: Office, anna: Person, bram: Person) -> None:
    draft = office.draft(b"for both", anna, bram)
    begun = office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
    with pytest.raises(Busy):
        office.store.write_now(documents.deliver, draft, NOW)
    assert office.rows("SELECT count(*) FROM wrap") == [(0,)]
    assert erasing.carry_out(office.store, begun.id, NOW).state is State.DONE


def test_what_an_erased_sender_has_on_its_way_comes_from_nobody(office: Office, anna: Person, bram: Person) -> None:
    draft = office.draft(b"to bram", bram, sender_account_id=anna.account.id)
    erased(office, anna)
    office.store.write_now(documents.deliver, draft, NOW)
    assert not any(office.store.read_now(live_places.of_account, anna.account.id).values())


async def test_others_still_read_what_they_shared(office: Office, anna: Person, bram: Person) -> None:
    delivered = await office.store.write(documents.deliver, office.draft(b"for both", anna, bram), NOW)
    begun = await office.store.write(erasure.begin, anna.account.id, by=None, now=NOW)
    await asyncio.to_thread(erasing.carry_out, office.store, begun.id, NOW)
    copies = await office.store.read(documents.copies_of, bram.inbox)
    assert delivered.document_public_id
    assert await office.reader(bram).body(copies[0].document_id) == b"for both"


def test_from_the_first_commit_on_nothing_is_seen(office: Office, anna: Person) -> None:
    heard = changes(office)
    office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
    assert AccountBarred(anna.account.id) in heard
    assert state(office, anna) is AccountState.ERASED
    with pytest.raises(SignInRefused):
        office.keys_of(anna)
    with pytest.raises(NotFound):
        office.store.read_now(accounts.resolve, anna.account.email)


def test_what_a_crash_cut_off_goes_on_at_the_next_start(office: Office, anna: Person) -> None:
    office.deliver(b"letter", anna)
    begun = office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
    office.store.shred.delete(anna.account.public_id)
    office.store.write_now(account_removal.anonymise, anna.account.id)
    office.reopen()
    assert erasing.resume_all(office.store, NOW + 5) == 1
    assert office.store.read_now(erasure.by_id, begun.id).state is State.DONE
    assert erasing.resume_all(office.store, NOW + 6) == 0


def test_carrying_out_twice_gives_the_same_receipt(office: Office, anna: Person) -> None:
    done = erased(office, anna)
    assert erasing.carry_out(office.store, done.id, NOW + 99) == done


def test_nothing_that_is_not_begun_is_carried_out(office: Office, anna: Person) -> None:
    waiting = office.store.write_now(erasure.request, anna.account.id, by=None, due_at=DUE, now=NOW)
    with pytest.raises(NotFound):
        erasing.carry_out(office.store, waiting.id, NOW)
    assert anna.account.public_id in office.store.shred.names()


def test_a_backup_under_way_is_waited_for(office: Office, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "cd" * 16
    office.store.bodies.write(body, b"sealed")
    office.deliver(b"large", anna, body_name=body)
    begun = office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
    monkeypatch.setattr(erasing, "PATIENCE", 0.05)
    with office.store.pin_bodies(), pytest.raises(Busy):
        erasing.carry_out(office.store, begun.id, NOW)
    assert office.store.read_now(erasure.by_id, begun.id).state is State.BEGUN
    assert erasing.carry_out(office.store, begun.id, NOW).state is State.DONE
    assert list(office.store.bodies.names()) == []


def test_a_row_written_while_it_is_taken_out_is_taken_out_too(
    office: Office, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session's last command may come after the mailboxes are gone."""
    truncate, late = office.store.truncate_log, [True]

    def with_straggler() -> bool:
        if late.pop() if late else False:
            office.change("INSERT INTO subscription VALUES (?, x'00', x'00')", anna.account.id)
        return truncate()

    monkeypatch.setattr(office.store, "truncate_log", with_straggler)
    assert erased(office, anna).state is State.DONE
    assert office.rows("SELECT 1 FROM subscription WHERE account_id = ?", anna.account.id) == []


def test_what_comes_back_into_an_erased_account_is_taken_out_by_housekeeping(
    office: Office, anna: Person, bram: Person
) -> None:
    erased(office, anna)
    assert office.store.read_now(live_places.regrown) == []
    office.change("INSERT INTO address VALUES ('back@example.test', ?, NULL, NULL, ?)", anna.account.id, NOW)
    office.change("UPDATE account SET phone = '1' WHERE id = ?", anna.account.id)
    assert office.store.read_now(live_places.regrown) == [anna.account.id]
    erasing.carry_out_due(office.store, NOW)
    assert office.store.read_now(live_places.regrown) == []
    assert not any(office.store.read_now(live_places.of_account, anna.account.id).values())
    assert office.keys_of(bram).same_key(bram.keys)


def test_a_large_account_goes_in_slices(office: Office, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(250):
        office.deliver(b"%d" % number, anna)
    monkeypatch.setattr(account_removal, "SLICE_SECONDS", 0.0)
    slices = 0
    office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
    while office.store.write_now(account_removal.remove_some, anna.account.id):
        slices += 1
    assert slices > 3
    assert office.rows("SELECT 1 FROM document") == []


def test_what_a_sender_sent_stays_with_its_readers(office: Office, anna: Person, bram: Person) -> None:
    office.deliver(b"invoice", bram, sender_account_id=anna.account.id)
    erased(office, anna)
    assert office.rows("SELECT sender_account_id FROM document") == [(None,)]
    assert len(office.store.read_now(documents.copies_of, bram.inbox)) == 1


def test_the_last_holder_of_an_escrow_hands_it_on_first(office: Office, anna: Person, bram: Person) -> None:
    domain = office.store.read_now(domains.by_name, "example.test")
    for person in (anna, bram):
        office.change("DELETE FROM escrow_slot WHERE account_id = ?", person.account.id)
    office.change("DELETE FROM escrow_holder")
    office.change("DELETE FROM escrow_key")
    office.change("INSERT INTO escrow_key VALUES (?, 1, x'00', NULL, ?)", domain.id, NOW)
    office.change("INSERT INTO escrow_holder VALUES (?, 1, ?, 1, x'00', 0, ?)", domain.id, anna.account.id, NOW)
    office.change("INSERT INTO escrow_slot VALUES (?, ?, 1, x'00', ?)", bram.account.id, domain.id, NOW)
    with pytest.raises(LastHolder):
        office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
    office.change("DELETE FROM escrow_slot WHERE account_id = ?", bram.account.id)
    assert erased(office, anna).state is State.DONE


def test_the_only_owner_stays(office: Office, anna: Person) -> None:
    office.change("UPDATE account SET role = 'owner' WHERE id = ?", anna.account.id)
    with pytest.raises(LastOwner):
        office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
    bram = office.person("bram")
    office.change("UPDATE account SET role = 'owner' WHERE id = ?", bram.account.id)
    assert erased(office, anna).state is State.DONE


# --- the trash window ---


def test_an_account_waits_closed_and_can_be_had_back(office: Office, anna: Person) -> None:
    heard = changes(office)
    waiting = office.store.write_now(erasure.request, anna.account.id, by=anna.account.id, due_at=DUE, now=NOW)
    assert (waiting.state, state(office, anna)) == (State.REQUESTED, AccountState.CLOSED)
    assert AccountBarred(anna.account.id) in heard
    with pytest.raises(SignInRefused):
        office.keys_of(anna)
    with pytest.raises(Conflict):
        office.store.write_now(erasure.request, anna.account.id, by=None, due_at=DUE, now=NOW)
    assert erasing.carry_out_due(office.store, DUE - 1) == 0
    cancelled = office.store.write_now(erasure.cancel, anna.account.id, by=None, now=DUE - 1)
    assert (cancelled.state, state(office, anna)) == (State.CANCELLED, AccountState.REGISTERED)
    assert office.rows("SELECT closed_at FROM account WHERE id = ?", anna.account.id) == [(None,)]
    assert office.keys_of(anna).same_key(anna.keys)
    assert erasing.carry_out_due(office.store, DUE + 1) == 0
    with pytest.raises(NotFound):
        office.store.write_now(erasure.cancel, anna.account.id, by=None, now=DUE)


def test_a_suspended_account_is_suspended_again_after_a_cancel(office: Office, anna: Person) -> None:
    office.store.write_now(accounts.suspend, anna.account.id, NOW)
    office.store.write_now(erasure.request, anna.account.id, by=None, due_at=DUE, now=NOW)
    office.store.write_now(erasure.cancel, anna.account.id, by=None, now=NOW)
    assert state(office, anna) is AccountState.SUSPENDED


def test_when_its_time_has_come_it_is_erased(office: Office, anna: Person) -> None:
    waiting = office.store.write_now(erasure.request, anna.account.id, by=None, due_at=DUE, now=NOW)
    assert erasing.carry_out_due(office.store, DUE) == 1
    done = office.store.read_now(erasure.by_id, waiting.id)
    assert (done.state, done.done_at) == (State.DONE, DUE)


def test_an_account_opened_again_by_other_means_is_not_erased(office: Office, anna: Person) -> None:
    waiting = office.store.write_now(erasure.request, anna.account.id, by=None, due_at=DUE, now=NOW)
    office.change("UPDATE account SET state = 'registered' WHERE id = ?", anna.account.id)
    assert erasing.carry_out_due(office.store, DUE) == 0
    assert office.store.read_now(erasure.by_id, waiting.id).state is State.CANCELLED


def test_a_hold_placed_while_it_waits_keeps_it_waiting(office: Office, anna: Person) -> None:
    waiting = office.store.write_now(erasure.request, anna.account.id, by=None, due_at=NOW + 60, now=NOW)
    hold(office, anna, ends_at=NOW + 600)
    assert erasing.carry_out_due(office.store, NOW + 60) == 0
    assert office.store.read_now(erasure.by_id, waiting.id).state is State.REQUESTED
    assert erasing.carry_out_due(office.store, NOW + 600) == 1


def test_what_is_erased_cannot_be_erased_held_or_had_back(office: Office, anna: Person) -> None:
    erased(office, anna)
    with pytest.raises(NotFound):
        office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
    with pytest.raises(NotFound):
        office.store.write_now(erasure.cancel, anna.account.id, by=None, now=NOW)
    with pytest.raises(Conflict):
        hold(office, anna)


# --- documents and fields ---


def test_a_document_goes_for_one_reader(office: Office, anna: Person, bram: Person) -> None:
    delivered = office.deliver(b"for both", anna, bram)
    sent = office.store.read_now(mailboxes.by_name, anna.account.id, anna.keys, "Sent")
    office.store.write_now(documents.copy, anna.inbox, [(1, 1)], sent.id)
    heard = changes(office)
    begun = office.store.write_now(
        partial_erasure.begin_document, anna.account.id, delivered.document_public_id, by=anna.account.id, now=NOW
    )
    done = erasing.carry_out(office.store, begun.id, NOW)
    assert done.state is State.DONE
    assert {(change.mailbox_id, change.expunged) for change in heard if isinstance(change, MailboxChange)} == {
        (anna.inbox, (1,)),
        (sent.id, (1,)),
    }
    assert office.rows("SELECT account_id FROM wrap") == [(bram.account.id,)]
    with pytest.raises(NotFound):
        office.store.write_now(
            partial_erasure.begin_document, anna.account.id, delivered.document_public_id, by=None, now=NOW
        )


def test_with_the_last_reader_the_body_goes(office: Office, anna: Person) -> None:
    body = "ef" * 16
    office.store.bodies.write(body, b"sealed")
    delivered = office.deliver(b"large", anna, body_name=body)
    found = office.store.read_now(partial_erasure.document_at, anna.account.id, anna.inbox, 1)
    assert found == delivered.document_public_id
    begun = office.store.write_now(partial_erasure.begin_document, anna.account.id, found, by=None, now=NOW)
    content = content_of(office, erasing.carry_out(office.store, begun.id, NOW))
    assert list(office.store.bodies.names()) == []
    assert content["backups"] == {"documents": NOW + 35 * DAY}
    assert {"card.document_id", "document.id", "bodies.file"} <= {place["place"] for place in content["places"]}


@pytest.mark.parametrize("field", Field)
def test_a_field_is_forgotten_with_the_log_of_its_changes(office: Office, anna: Person, field: Field) -> None:
    office.change("UPDATE account SET phone = 'planted', contact_email = 'planted', legal_name = 'planted'")
    office.change("UPDATE account SET contact_email_verified_at = 7, client_noted = 1")
    office.change("UPDATE account SET postal_address = 'planted', postal_returned_at = 7")
    office.change("UPDATE device SET last_client = 'planted'")
    for name in ("phone", "contact_email", "legal_name", "postal_address", "client_notes"):
        office.change(
            "INSERT INTO identity_change (account_id, field, old_value, new_value, changed_at, undo_until)"
            " VALUES (?, ?, 'planted', 'planted', ?, ?)",
            anna.account.id, name, NOW, NOW + DAY,
        )  # fmt: skip
    assert any(office.store.read_now(partial_erasure.field_left, anna.account.id, field).values())
    begun = office.store.write_now(partial_erasure.begin_field, anna.account.id, field, by=None, now=NOW)
    assert erasing.carry_out(office.store, begun.id, NOW).state is State.DONE
    assert not any(office.store.read_now(partial_erasure.field_left, anna.account.id, field).values())
    (known,) = office.rows("SELECT phone, contact_email, legal_name, postal_address FROM account")
    assert known.count(None) == (0 if field is Field.CLIENT_NOTES else 1)
    assert len(office.rows("SELECT 1 FROM identity_change")) == 4


# --- receipts ---


def content_of(office: Office, done: Erasure) -> dict[str, Any]:
    assert done.receipt is not None
    return receipts.verify(done.receipt, signing.public_key(office.store.server_keys))


def test_the_receipt_names_every_place_and_both_dates(office: Office, anna: Person) -> None:
    content = content_of(office, erased(office, anna))
    assert content["account"] == anna.account.public_id
    assert content["backups"] == {"documents": NOW + 30 * DAY, "records": NOW + 35 * DAY}
    listed = {place["place"]: place["left"] for place in content["places"]}
    assert set(listed.values()) == {0}
    wanted = {f"{table}.{column}" for table, column in (*live_places.DELETED, *live_places.CLEARED)}
    assert listed.keys() == wanted | {"account.personal", "keyring.shred_secret", "bodies.file"}


def test_a_receipt_that_was_altered_is_refused(office: Office, anna: Person) -> None:
    receipt = erased(office, anna).receipt
    assert receipt is not None
    public = signing.public_key(office.store.server_keys)
    assert b64decode(json.loads(receipt)["public_key"]) == public
    for altered in (receipt.replace('"left": 0', '"left": 1', 1), receipt.replace("signature", "s"), "{}", "[", "3"):
        with pytest.raises(Tampered):
            receipts.verify(altered, public)
    with pytest.raises(Tampered):
        receipts.verify(receipt, bytes(32))


def test_the_dates_follow_the_backups_that_are_kept() -> None:
    assert Retention(database_days=90).of_account(0) == {"documents": 30 * DAY, "records": 90 * DAY}
    assert Retention(database_days=7).of_account(0) == {"documents": 7 * DAY, "records": 7 * DAY}
    assert Retention(database_days=90).of_field(0) == {"records": 90 * DAY}


# --- all kinds ---


def test_two_domains_do_not_see_each_others(office: Office, anna: Person) -> None:
    office.store.write_now(erasure.request, anna.account.id, by=None, due_at=DUE, now=NOW)
    mine = frozenset({anna.account.domain_id})
    assert len(office.store.read_now(erasure.page, domains=mine)) == 1
    assert office.store.read_now(erasure.page, domains=frozenset({99})) == []
    assert len(office.store.read_now(erasure.page, domains=frozenset(), account_id=anna.account.id)) == 1
    assert len(office.store.read_now(erasure.page, domains=None)) == 1


def test_a_hold_forbids_them_all(office: Office, anna: Person) -> None:
    delivered = office.deliver(b"letter", anna)
    other = office.deliver(b"another", anna)
    on_document = hold(office, anna, delivered.document_public_id)
    with pytest.raises(Held) as held:
        office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW)
    assert (held.value.basis, held.value.ends_at) == ("AWR 52", NOW + DAY)
    with pytest.raises(Held):
        office.store.write_now(erasure.request, anna.account.id, by=None, due_at=DUE, now=NOW)
    with pytest.raises(Held):
        office.store.write_now(
            partial_erasure.begin_document, anna.account.id, delivered.document_public_id, by=None, now=NOW
        )
    office.store.write_now(
        partial_erasure.begin_document, anna.account.id, other.document_public_id, by=None, now=NOW
    )
    office.store.write_now(partial_erasure.begin_field, anna.account.id, Field.PHONE, by=None, now=NOW)
    office.store.write_now(holds.lift, on_document.id, None, NOW)
    hold(office, anna)
    with pytest.raises(Held):
        office.store.write_now(partial_erasure.begin_field, anna.account.id, Field.PHONE, by=None, now=NOW)
    office.store.write_now(erasure.begin, anna.account.id, by=None, now=NOW + DAY)


def test_private_domains_are_erased_alike(office: Office) -> None:
    office.store.write_now(domains.create, "private.test", DomainMode.PRIVATE, "NL", NOW)
    domain = office.store.read_now(domains.by_name, "private.test")
    draft = accounts.AccountDraft("carla@private.test", "Carla", "recipient")  # type: ignore[arg-type]
    account, _ = office.store.write_now(accounts.create, office.store.shred, draft, domain, NOW)
    begun = office.store.write_now(erasure.begin, account.id, by=None, now=NOW)
    assert erasing.carry_out(office.store, begun.id, NOW).state is State.DONE
