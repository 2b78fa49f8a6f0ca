"""External mailboxes against a real Dovecot: each document once, as it was sent, whatever is cut on the way (I3)."""

import asyncio
import imaplib
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from bench.servers.base import Server
from bench.servers.dovecot import PASSWORD
from bridge.channels.authorities import verifying
from bridge.channels.external import carrier as carriers
from bridge.channels.external import doorways
from bridge.channels.external.carrier import SETTLING, ExternalCarrier
from bridge.channels.external.session import Doorway, Session
from storage.deliveries import external_mailboxes
from storage.deliveries.external_mailboxes import Place
from storage.deliveries.terms import Channel, DeliveryState, JobState
from tests.integration import peers
from tests.leaving import DOCUMENT, Way
from tests.smtp_office import Office

pytestmark = [
    pytest.mark.skipif(peers.dovecot_missing() is not None, reason=str(peers.dovecot_missing())),
    pytest.mark.asyncio(loop_scope="module"),
]

USERS = count(1)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Server]:
    with peers.dovecot(1) as server:
        yield server


@pytest.fixture
def place(dovecot: Server) -> Place:
    """A user of its own for each test."""
    return Place("127.0.0.1", dovecot.imaps_port, dovecot.login(next(USERS)).username, "INBOX", "NL")


@pytest.fixture
def doorway(dovecot: Server) -> Doorway:
    folder: Path = dovecot.folder  # type: ignore[attr-defined]
    return Doorway(verifying(folder / "certificate.pem", "ca_file"), private=True)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    made = Office(tmp_path_factory.mktemp("office"))
    yield made
    await made.store.aclose()


@pytest.fixture
def way(office: Office, place: Place) -> Way:
    """With an Anna of its own, and nothing in the outbox."""
    made = Way(office).renewed()
    made.choose(office.anna, Channel.EXTERNAL)
    made.set_external(office.anna, place, PASSWORD)
    return made


def make(place: Place, folder: str) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with imaplib.IMAP4_SSL(place.host, place.port, ssl_context=context, timeout=10) as client:
        client.login(place.username, PASSWORD)
        assert client.create(folder)[0] == "OK"


def messages(place: Place, folder: str = "INBOX") -> list[bytes]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with imaplib.IMAP4_SSL(place.host, place.port, ssl_context=context, timeout=10) as client:
        client.login(place.username, PASSWORD)
        client.select(folder)
        numbers = client.search(None, "ALL")[1][0].split()
        return [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in numbers]  # type: ignore[index,misc]


async def test_a_document_comes_as_it_was_sent_under_our_block(way: Way, doorway: Doorway, place: Place) -> None:
    delivery = way.hand_in()
    assert delivery.state is DeliveryState.LEAVING
    assert await way.outbox(ExternalCarrier(doorway, way.gate, way.marks)).turn() == 1
    (message,) = await asyncio.to_thread(messages, place)
    block, _, rest = message.partition(b"Received: ")
    assert b"Received: " + rest == DOCUMENT
    assert [line.partition(b":")[0] for line in block.splitlines()] == [
        b"Resent-Date",
        b"Resent-From",
        b"Resent-To",
        b"Resent-Message-ID",
    ]
    assert way.delivery(delivery).state is DeliveryState.HANDED_OFF
    assert not way.delivery(delivery).needs_key
    assert way.jobs() == []


STEPS = ("greeted", "sign_in", "append", "note")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_whatever_step_is_cut_it_comes_once(
    way: Way, doorway: Doorway, place: Place, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    """The process ends at the step: nothing more of the attempt happens, and a new worker finds the job."""
    way.hand_in()
    carrier = ExternalCarrier(doorway, way.gate, way.marks)
    with monkeypatch.context() as patch:
        owner = carriers.Task if step == "note" else Session
        real = getattr(owner, step)

        async def cut(*arguments: object) -> None:
            if when == "after":
                await real(*arguments)
            raise asyncio.CancelledError

        patch.setattr(owner, step, cut)
        with pytest.raises(asyncio.CancelledError):
            await carrier.carry(_task(way))
    way.clock.now += SETTLING + 1
    assert await way.outbox(carrier).turn() == 1
    assert len(await asyncio.to_thread(messages, place)) == 1
    assert way.jobs() == []


def _task(way: Way) -> carriers.Task:
    from storage.keys.outbox import OutboxKey

    (job,) = way.jobs()
    store = way.office.store
    return carriers.Task(job, store, OutboxKey.of(store.server_keys.outbox), int(way.clock()))


async def test_an_attempt_whose_end_is_not_known_is_given_time_first(way: Way, doorway: Doorway) -> None:
    way.hand_in()
    await _task(way).note(carriers.APPENDING, str(int(way.clock())))
    outbox = way.outbox(ExternalCarrier(doorway, way.gate, way.marks))
    way.clock.now += 10
    await outbox.turn()
    (job,) = way.jobs()
    assert (job.problem, job.due_at) == ("settling", int(way.clock()) + SETTLING - 10)


async def test_what_may_lie_in_another_mailbox_is_for_a_person(way: Way, doorway: Doorway, place: Place) -> None:
    """The reader gave another mailbox since an attempt whose end is not known."""
    way.hand_in()
    await _task(way).note(carriers.APPENDING, str(int(way.clock()) - 1))
    way.set_external(way.office.anna, place, PASSWORD)
    way.clock.now += SETTLING + 1
    await way.outbox(ExternalCarrier(doorway, way.gate, way.marks)).turn()
    (job,) = way.jobs()
    assert (job.state, job.problem) == (JobState.UNCERTAIN, "mailbox-changed")
    assert await asyncio.to_thread(messages, place) == []


async def test_a_message_id_used_twice_hides_no_document(way: Way, doorway: Doorway, place: Place) -> None:
    """Neither the sender's second document, nor one that its reader has there already, from elsewhere."""
    outbox = way.outbox(ExternalCarrier(doorway, way.gate, way.marks))
    way.hand_in()
    await outbox.turn()
    way.hand_in(DOCUMENT.replace(b"Body", b"Another body"))
    await _task(way).note(carriers.APPENDING, str(int(way.clock())))
    way.clock.now += SETTLING + 1
    await outbox.turn()
    bodies = [message.partition(b"\r\n\r\n")[2] for message in await asyncio.to_thread(messages, place)]
    assert sorted(bodies) == [b".leading dot\r\nAnother body\r\n", b".leading dot\r\nBody\r\n"]


async def test_a_document_without_message_id_is_found_again(way: Way, doorway: Doorway, place: Place) -> None:
    way.hand_in(DOCUMENT.replace(b"Message-ID: <1@erp.test>\r\n", b""))
    carrier = ExternalCarrier(doorway, way.gate, way.marks)
    task = _task(way)
    await carrier.carry(task)
    way.clock.now += SETTLING + 1
    await carrier.carry(_task(way))
    assert len(await asyncio.to_thread(messages, place)) == 1


async def test_a_server_that_cannot_search_for_our_field_is_asked_for_the_message_id(
    way: Way, doorway: Doorway, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    way.hand_in()
    carrier = ExternalCarrier(doorway, way.gate, way.marks)
    await carrier.carry(_task(way))
    real = Session._search

    async def blind(self: Session, field: str, value: str) -> list[str]:
        return [] if field == "Resent-Message-ID" else await real(self, field, value)

    monkeypatch.setattr(Session, "_search", blind)
    way.clock.now += SETTLING + 1
    await carrier.carry(_task(way))
    assert len(await asyncio.to_thread(messages, place)) == 1


async def test_a_wrong_password_keeps_the_document_here_and_tells_its_reader_once(
    way: Way, doorway: Doorway, place: Place
) -> None:
    anna = way.office.anna
    way.set_external(anna, place, "not the password")
    first, second = way.hand_in(), way.hand_in(DOCUMENT.replace(b"<1@", b"<2@"))
    outbox = way.outbox(ExternalCarrier(doorway, way.gate, way.marks))
    while await outbox.turn():
        pass
    assert {way.delivery(each).state for each in (first, second)} == {DeliveryState.FAILED}
    found = way.office.store.look_up(external_mailboxes.get, anna.account.id)
    assert found.verified_at is None
    told = [message for message in await way.office.messages(anna) if b"Auto-Submitted: auto-generated" in message]
    assert len(told) == 1
    assert way.hand_in(DOCUMENT.replace(b"<1@", b"<3@")).channel is Channel.MAILBOX


async def test_a_folder_that_is_gone_is_the_readers_to_put_right(way: Way, doorway: Doorway, place: Place) -> None:
    way.set_external(way.office.anna, replace(place, folder="Belastingen/2026 & överig"), PASSWORD)
    delivery = way.hand_in()
    await way.outbox(ExternalCarrier(doorway, way.gate, way.marks)).turn()
    assert way.delivery(delivery).state is DeliveryState.FAILED


async def test_a_folder_may_have_any_name(way: Way, doorway: Doorway, place: Place) -> None:
    """In modified UTF-7, quoted (RFC 3501 section 5.1.3)."""
    on_the_wire = '"Belasting &- \\"o&APY-verig&2D3cyQ-"'
    await asyncio.to_thread(make, place, on_the_wire)
    way.set_external(way.office.anna, replace(place, folder='Belasting & "o\u00f6verig\U0001f4c9'), PASSWORD)
    delivery = way.hand_in()
    await way.outbox(ExternalCarrier(doorway, way.gate, way.marks)).turn()
    assert way.delivery(delivery).state is DeliveryState.HANDED_OFF
    assert len(await asyncio.to_thread(messages, place, on_the_wire)) == 1


async def test_a_set_up_is_tried_for_real(doorway: Doorway, place: Place) -> None:
    assert await doorways.check(doorway, place, PASSWORD) is None
    assert await doorways.check(doorway, place, "wrong") == "sign-in-refused"
    assert await doorways.check(doorway, replace(place, folder="Nowhere"), PASSWORD) == "no-folder"
    assert await doorways.check(replace(doorway, private=False), place, PASSWORD) == "no-such-host"
    assert (
        await doorways.check(replace(doorway, context=verifying(None, "ca_file")), place, PASSWORD) == "certificate"
    )
    assert await doorways.check(doorway, replace(place, host="localhost"), PASSWORD) == "certificate"


async def test_a_mailbox_outside_europe_gets_nothing(way: Way, doorway: Doorway, place: Place) -> None:
    """Also one that became so after the decision (S39)."""
    delivery = way.hand_in()
    way.set_external(way.office.anna, replace(place, country="US"), PASSWORD)
    await way.outbox(ExternalCarrier(doorway, way.gate, way.marks)).turn()
    assert way.delivery(delivery).state is DeliveryState.FAILED
    assert await asyncio.to_thread(messages, place) == []
