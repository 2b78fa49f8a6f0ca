"""Hand in a document as the office does, in this process: gathered, decided, stored."""

from bridge.channels.sealing import seal
from bridge.mail.facts import HeaderFacts
from bridge.mail.status_wishes import Wish
from bridge.routing import places, planning
from storage.deliveries import arrivals
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.terms import Channel
from storage.keys.outbox import OutboxKey
from storage.mail.documents import DeliveryDraft
from storage.people import accounts
from tests.control import NOW, Desk, Person


def send(
    desk: Desk,
    sender: Person,
    *people: Person,
    kind: str | None = None,
    subject: str = "x",
    batch: str | None = None,
) -> str:
    """A document handed in as the office would; its id. With a `batch` it is held."""
    store, key = desk.store, OutboxKey.of(desk.store.server_keys.outbox)
    readers = tuple(
        reader
        for person in people
        if (reader := store.read_now(accounts.recipient, person.account.email)) is not None
    )
    numbers = [reader.account_id for reader in readers]
    gathered = store.read_now(planning.gather, numbers, sender.account.id, True)
    where = places.of(desk.control.settings)
    wishes = {person.account.id: Wish(person.account.email).text() for person in people}
    facts = HeaderFacts(document_type=kind, message_id=f"<{subject}/1@energy.test>")
    decided = planning.plan(gathered, facts, where, store.server_keys.message_tag, desk.control.now(), wishes)
    if batch is not None:
        decided = {number: planning.held(each, openable=False) for number, each in decided.items()}
    held_for = None if batch is None else sender.account.id
    sealed = seal(f"Subject: {subject}\r\n\r\nx\r\n".encode(), readers)
    draft = DeliveryDraft(
        sealed, readers, tuple(each.inbox_id for each in readers), NOW, 100, sender_account_id=held_for
    )
    acceptance = Acceptance(draft, decided, sender.account.id, key.public_key, batch=batch)
    refused = all(each.channel is Channel.REFUSE for each in decided.values())
    store.write_now(arrivals.refuse if refused else arrivals.accept, acceptance, desk.control.now())
    return sealed.public_id
