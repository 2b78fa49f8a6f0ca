"""With the reader for whom a document was to leave goes the server's own way to it, though others read it (S57)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from storage.deliveries import arrivals
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.terms import Channel, Decided, DeliveryState, DocumentType
from storage.erasures import account_removal, partial_erasure
from storage.keys.envelope import seal_document
from storage.keys.outbox import OutboxKey
from tests.unit.storage.conftest import NOW, Office, Person


def arrive(office: Office, leaving: Person, staying: Person) -> str:
    """A document for two, which is to be printed for the one."""
    public = OutboxKey.of(office.store.server_keys.outbox).public_key
    draft = office.draft(b"x", leaving, staying)
    sealed = seal_document(b"x", b"card", draft.recipients, outbox_public=public)
    kept = Decided(0, DocumentType.LETTER, Channel.MAILBOX, DeliveryState.DELIVERED, "nl", "[]")
    printed = replace(kept, channel=Channel.PAPER, state=DeliveryState.LEAVING, needs_key=True)
    decided = {
        leaving.account.id: replace(printed, account_id=leaving.account.id),
        staying.account.id: replace(kept, account_id=staying.account.id),
    }
    acceptance = Acceptance(replace(draft, sealed=sealed), decided, "energy@outside.test", public)
    return office.store.write_now(arrivals.accept, acceptance, NOW).document_public_id


def of_a_document(office: Office, person: Person, document: str) -> None:
    office.store.write_now(partial_erasure.begin_document, person.account.id, document, by=None, now=NOW)


def of_the_account(office: Office, person: Person, document: str) -> None:
    while office.store.write_now(account_removal.remove_some, person.account.id):
        pass


@pytest.mark.parametrize("erasure", [of_a_document, of_the_account])
def test_an_erasure_closes_the_document_to_the_server(
    office: Office, anna: Person, bram: Person, erasure: Callable[[Office, Person, str], None]
) -> None:
    document = arrive(office, anna, bram)
    assert office.rows("SELECT count(*) FROM outbox_key") == [(1,)]
    erasure(office, anna, document)
    assert office.rows("SELECT count(*) FROM outbox_key") == [(0,)]
    assert office.rows("SELECT account_id FROM wrap") == [(bram.account.id,)]


@pytest.mark.parametrize("erasure", [of_a_document, of_the_account])
def test_an_erasure_by_another_leaves_it_open(
    office: Office, anna: Person, bram: Person, erasure: Callable[[Office, Person, str], None]
) -> None:
    erasure(office, bram, arrive(office, anna, bram))
    assert office.rows("SELECT count(*) FROM outbox_key") == [(1,)]
