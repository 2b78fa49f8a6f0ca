"""Seals of the outbox, altered or moved by somebody who writes to the database with the master key: refused (S73)."""

from dataclasses import replace

import pytest

from storage.deliveries import arrivals, jobs, opening
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.terms import Channel, Decided, DeliveryState, DocumentType, JobKind, NewJob
from storage.errors import NotFound, Tampered
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey, seal_secret
from storage.records import Delivered
from tests.unit.storage.conftest import NOW, Office, Person


def outbox_of(office: Office) -> OutboxKey:
    return OutboxKey.of(office.store.server_keys.outbox)


def arrive(office: Office, message: bytes, person: Person) -> Delivered:
    """A document that is to leave on paper, with a job that has a payload."""
    outbox = outbox_of(office)
    draft = office.draft(message, person)
    sealed = seal_document(message, b"card", draft.recipients, outbox_public=outbox.public_key)
    decided = Decided(
        account_id=person.account.id,
        document_type=DocumentType.LETTER,
        channel=Channel.PAPER,
        state=DeliveryState.LEAVING,
        language="nl",
        reasons="[]",
        needs_key=True,
        jobs=(NewJob(JobKind.PAPER, "paper", NOW, payload=b"for " + message),),
    )
    acceptance = Acceptance(
        replace(draft, sealed=sealed), {person.account.id: decided}, "energie@outside.test", outbox.public_key
    )
    return office.store.write_now(arrivals.accept, acceptance, NOW)


def opened(office: Office, delivery_id: int) -> bytes:
    store = office.store
    return store.read_now(opening.message, store.bodies, outbox_of(office), delivery_id)


def payload(office: Office, job_id: int) -> bytes | None:
    return jobs.payload(outbox_of(office), office.store.read_now(jobs.get, job_id))


def spoiled(value: bytes) -> list[bytes]:
    flipped = [
        value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :] for at in (0, 1, len(value) // 2, len(value) - 1)
    ]
    return [*flipped, b"", value[:-1], value + b"\0"]


def test_the_outbox_opens_what_was_sealed_to_it(office: Office, anna: Person) -> None:
    arrive(office, b"one", anna)
    assert opened(office, 1) == b"one"
    assert payload(office, 1) == b"for one"


@pytest.mark.parametrize(
    ("table", "key", "column", "served"),
    [
        ("outbox_key", "document_id", "sealed_wrap", opened),
        ("job", "id", "sealed_payload", payload),
    ],
)
def test_a_seal_that_was_altered_or_moved_is_refused(
    office: Office, anna: Person, table: str, key: str, column: str, served: object
) -> None:
    arrive(office, b"one", anna)
    arrive(office, b"two", anna)
    (first,), (second,) = office.rows(f"SELECT {column} FROM {table} ORDER BY {key}")
    for value in (second, *spoiled(first)):
        assert office.change(f"UPDATE {table} SET {column} = ? WHERE {key} = 1", value) == 1
        with pytest.raises(Tampered):
            served(office, 1)  # type: ignore[operator]
    office.change(f"UPDATE {table} SET {column} = ? WHERE {key} = 1", first)
    served(office, 1)  # type: ignore[operator]


def test_a_job_given_another_key_does_not_open(office: Office, anna: Person) -> None:
    """Whoever turns one job into another does not get its payload carried there."""
    arrive(office, b"one", anna)
    office.change("UPDATE job SET key = key || 'x'")
    with pytest.raises(Tampered):
        payload(office, 1)


def test_a_secret_is_bound_to_account_and_purpose(office: Office) -> None:
    outbox = outbox_of(office)
    sealed = seal_secret(outbox.public_key, b"secret", purpose="external", account=7)
    assert outbox.open_secret(sealed, purpose="external", account=7) == b"secret"
    for purpose, account in (("external", 8), ("notice", 7)):
        with pytest.raises(Tampered):
            outbox.open_secret(sealed, purpose=purpose, account=account)


def test_without_its_seal_the_document_stays_closed(office: Office, anna: Person) -> None:
    arrive(office, b"one", anna)
    office.change("DELETE FROM outbox_key")
    with pytest.raises(NotFound):
        opened(office, 1)
