"""The e-mail channel: a document as it was sent, at least once, and what comes back of it (I2, S39)."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio

from bench.servers.base import Unavailable
from bench.servers.certificate import write_certificate
from bench.servers.postfix import SBIN, Postfix
from bridge.channels import authorities, climbing
from bridge.channels.email import bounces
from bridge.channels.email import carrier as carriers
from bridge.channels.email.carrier import EmailCarrier
from bridge.channels.email.relay import Relay
from bridge.channels.handover import Destination
from bridge.channels.marks import Mark
from bridge.channels.outbox import Task
from bridge.mail.status_wishes import Notify, Wish
from bridge.routing import explaining
from bridge.routing.decision import Places
from bridge.routing.residency import EUROPE
from storage.choices import preferences
from storage.deliveries import transcript
from storage.deliveries.processors import ProcessorKind
from storage.deliveries.terms import DAY, Channel, Choice, DeliveryState, JobKind, Ladder, Preference
from storage.engine import statements
from storage.errors import Conflict
from storage.keys.outbox import OutboxKey
from tests.leaving import CONTACT, DOCUMENT, Way
from tests.relays import relay
from tests.smtp_office import Client, Office, running

OURS = Destination(ProcessorKind.RELAY, "NL")
REPORT = (
    "From: MAILER-DAEMON@elsewhere.test\r\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n"
    "\r\n--b\r\nContent-Type: text/plain\r\n\r\nWords\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; elsewhere.test\r\n\r\n"
    "Final-Recipient: rfc822; x@elsewhere.test\r\nAction: {action}\r\nStatus: {status}\r\n--b--\r\n"
)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with running(tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture
def way(office: Office) -> Way:
    """With an Anna of its own, and nothing in the outbox."""
    made = Way(office).renewed()
    made.choose(office.anna, Channel.EMAIL)
    made.verify_contact(office.anna)
    return made


def email(way: Way, made: Relay, to: Destination = OURS) -> EmailCarrier:
    return EmailCarrier(made, to, way.gate, way.marks)


def task(way: Way) -> Task:
    store = way.office.store
    return Task(way.jobs()[-1], store, OutboxKey.of(store.server_keys.outbox), int(way.clock()))


def header(message: bytes, name: bytes) -> bytes:
    (found,) = (line for line in message.splitlines() if line.lower().startswith(name.lower() + b":"))
    return found.partition(b": ")[2]


async def test_a_signed_document_leaves_as_it_came(way: Way, tmp_path: Path) -> None:
    document = b"DKIM-Signature: v=1; d=erp.test\r\n" + DOCUMENT
    way.hand_in(document)
    async with relay(tmp_path, {}) as (made, sessions):
        assert await way.outbox(email(way, made)).turn() == 1
    assert sessions[0].message.replace(b"\r\n..", b"\r\n.").endswith(document + b".\r\n")


LONG = b"x" * 999
SIGNED = {
    "dkim": b"DKIM-Signature: v=1; d=erp.test\r\n" + DOCUMENT,
    "s/mime": DOCUMENT.replace(b"\r\n\r\n", b"\r\nContent-Type: Multipart/Signed; boundary=b\r\n\r\n", 1),
}


@pytest.mark.parametrize("kind", SIGNED)
async def test_a_signed_document_that_mail_systems_would_change_stays_and_says_why(
    way: Way, tmp_path: Path, kind: str
) -> None:
    """RFC 5322 section 2.1.1: a line of more than 998 octets may be broken on its way."""
    fits, too_long = (way.hand_in(SIGNED[kind].replace(b"<1@", b"<%d@" % n) + LONG[n:] + b"\r\n") for n in (1, 0))
    async with relay(tmp_path, {"EHLO": "250-relay\r\n250 AUTH PLAIN"}) as (made, sessions):
        for _ in range(2):
            await way.outbox(email(way, made)).turn()
    (session,) = sessions
    body = SIGNED[kind].partition(b"\r\n\r\n")[2] + LONG[1:] + b"\r\n.\r\n"
    assert session.message.replace(b"\r\n..", b"\r\n.").endswith(body)
    assert way.delivery(fits).state is DeliveryState.HANDED_OFF
    assert way.delivery(too_long).state is DeliveryState.FAILED
    assert [job.problem for job in way.jobs()] == ["signed-long-lines"]


async def test_a_document_leaves_whole_and_the_server_can_open_it_no_more(way: Way, tmp_path: Path) -> None:
    delivery = way.hand_in()
    async with relay(tmp_path, {}) as (made, sessions):
        assert await way.outbox(email(way, made)).turn() == 1
    (session,) = sessions
    sent = session.message.replace(b"\r\n..", b"\r\n.")
    assert sent.partition(b"\r\n\r\n")[2] == DOCUMENT.partition(b"\r\n\r\n")[2] + b".\r\n"
    assert header(sent, b"Resent-To") == CONTACT.encode()
    assert b"via Postex" in header(sent, b"From"), "nobody signed it: in the sender's name others would refuse it"
    envelope = session.heard[2].partition(b"<")[2].partition(b">")[0].decode()
    assert way.marks.of_bounce_address(envelope) == Mark(JobKind.EMAIL, delivery.id)
    assert way.delivery(delivery).state is DeliveryState.HANDED_OFF
    assert not way.delivery(delivery).needs_key


@pytest.mark.parametrize("step", ["note", "send"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("identified", [True, False])
async def test_whatever_step_is_cut_it_comes_with_one_message_id(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str, identified: bool
) -> None:
    way.hand_in(DOCUMENT if identified else DOCUMENT.replace(b"Message-ID: <1@erp.test>\r\n", b""))
    async with relay(tmp_path, {}) as (made, sessions):
        with monkeypatch.context() as patch:
            owner = carriers.Task if step == "note" else carriers.relay
            real = getattr(owner, step)

            async def cut(*arguments: object) -> None:
                if when == "after":
                    await real(*arguments)
                raise asyncio.CancelledError

            patch.setattr(owner, step, cut)
            with pytest.raises(asyncio.CancelledError):
                await email(way, made).carry(task(way))
        way.clock.now += 3600
        await way.outbox(email(way, made)).turn()
    came = [session.message for session in sessions if session.message]
    assert len(came) == (2 if (step, when) == ("send", "after") else 1)
    assert len(set(came)) == 1
    assert len({header(message, b"Message-ID") for message in came}) == 1
    assert way.jobs() == []


async def test_a_connection_lost_behind_the_final_dot_is_tried_again(way: Way, tmp_path: Path) -> None:
    delivery = way.hand_in()
    async with relay(tmp_path, {".": ""}) as (made, sessions):
        await way.outbox(email(way, made)).turn()
        way.clock.now += 3600
        sessions[0].answers["."] = "250 ok"
    assert way.delivery(delivery).state is DeliveryState.LEAVING
    (job,) = way.jobs()
    assert (job.problem, job.step) == ("disconnected", "sending")


async def test_a_refusal_leaves_the_document_in_the_mailbox(way: Way, tmp_path: Path) -> None:
    delivery = way.hand_in()
    async with relay(tmp_path, {"RCPT": "550 5.2.1 disabled for anna@elsewhere.test"}) as (made, _):
        await way.outbox(email(way, made)).turn()
    assert way.delivery(delivery).state is DeliveryState.FAILED
    assert way.jobs()[0].problem == "5.2.1"
    assert "5.2.1" in await told(way)


@pytest.mark.parametrize("country", ["US", ""])
async def test_nothing_goes_to_a_relay_outside_europe(way: Way, tmp_path: Path, country: str) -> None:
    """Neither by the decision nor, where the relay moved after it, by the carrier (S37, S39)."""
    delivery = way.hand_in()
    async with relay(tmp_path, {}) as (made, sessions):
        await way.outbox(email(way, made, replace(OURS, country=country))).turn()
    assert sessions == []
    assert way.delivery(delivery).state is DeliveryState.FAILED
    assert "buiten Europa" in await told(way)
    (_, instead) = way.jobs()
    assert (instead.kind, instead.delivery_id) == (JobKind.NOTICE, delivery.id), "a notice goes in its place"
    way.countries[Channel.EMAIL] = country
    assert way.hand_in(DOCUMENT.replace(b"<1@", b"<2@")).channel is Channel.MAILBOX


async def test_who_is_told_of_it_anyway_gets_no_second_notice(way: Way, tmp_path: Path) -> None:
    delivery, store = way.hand_in(), way.office.store
    store.write_now(statements.run, "UPDATE delivery SET notify = 'daily' WHERE id = ?", (delivery.id,))
    async with relay(tmp_path, {}) as (made, _):
        await way.outbox(email(way, made, replace(OURS, country="US"))).turn()
    assert way.delivery(delivery).state is DeliveryState.FAILED
    assert JobKind.NOTICE not in [job.kind for job in way.jobs()]


async def test_an_address_that_is_no_longer_verified_gets_nothing(way: Way, tmp_path: Path) -> None:
    delivery = way.hand_in()
    way.office.store.write_now(statements.run, "UPDATE account SET contact_email_verified_at = NULL", ())
    async with relay(tmp_path, {}) as (made, sessions):
        await way.outbox(email(way, made)).turn()
    assert sessions == []
    assert way.delivery(delivery).state is DeliveryState.FAILED


async def told(way: Way) -> str:
    """What the mailbox says of it, beside the document itself."""
    document, message = await way.office.messages(way.office.anna)
    assert b"Your invoice" in document
    return " ".join(message_from_bytes(message, policy=policy.default).get_content().split())


# --- what comes back ---


async def handed_off(way: Way, tmp_path: Path) -> tuple[int, str]:
    """A delivery and its bounce address."""
    delivery = way.hand_in()
    async with relay(tmp_path, {}) as (made, _):
        await way.outbox(email(way, made)).turn()
    return delivery.id, way.marks.bounce_address(Mark(JobKind.EMAIL, delivery.id), "example.test")


async def bounce(office: Office, address: str, message: str) -> str:
    client = await Client.connect(office, "mx")
    await client.say("EHLO relay.test")
    return await client.hand_in(message.encode(), "", address)


async def test_a_report_of_failure_ends_the_channel_once(way: Way, tmp_path: Path) -> None:
    number, address = await handed_off(way, tmp_path)
    for _ in range(2):
        reply = await bounce(way.office, address, REPORT.format(action="failed", status="5.1.1 (gone)"))
        assert reply.startswith("250 ")
    found = way.office.store.look_up(bounces.deliveries.get, number)
    assert found.state is DeliveryState.FAILED
    assert way.kinds(found).count("email.failed") == 1
    assert "kwam een document terug" in await told(way)
    assert "papier kan niet volgen" in await told(way)
    events = way.office.store.look_up(transcript.of_delivery, number)
    *_, went, back, state = explaining.explain(found, "en", events=events)
    assert went == "It went by e-mail."
    assert back == "It could not go by e-mail, or came back from there (5.1.1)."
    assert "could not be handed over" in state
    assert explaining.explain(found, "en", events=events, for_reader=False)[-1] not in (went, back, state)


async def test_the_sender_learns_that_it_came_back_and_not_from_where(way: Way, tmp_path: Path) -> None:
    """RFC 3464: `failed`, after `relayed`; the address elsewhere is not the sender's to know."""
    erp = way.office.erp
    number, address = await handed_off(way, tmp_path)
    wish = Wish(way.office.anna.account.email, (Notify.FAILURE,))
    way.office.store.write_now(statements.run, "UPDATE delivery SET dsn = ? WHERE id = ?", (wish.text(), number))
    before = len(await way.office.messages(erp))
    for _ in range(2):
        await bounce(way.office, address, REPORT.format(action="failed", status="5.1.1 (gone)"))
    (report,) = (await way.office.messages(erp))[before:]
    assert b"Action: failed" in report
    assert b"Status: 5.0.0" in report
    assert CONTACT.encode() not in report


@pytest.mark.parametrize("then", ["14:paper", "14:remind"])
async def test_what_came_back_can_only_be_reminded_of(way: Way, tmp_path: Path, then: str) -> None:
    """Its key went with the hand-off: a letter cannot follow, and its reader is told so (D3)."""
    store, anna = way.office.store, way.office.anna.account.id
    wanted = Preference(Choice(channel=Channel.MAILBOX, ladder=Ladder.parse(f"7:email {then}")), account_id=anna)
    store.write_now(preferences.put, wanted, int(way.clock()))
    way.countries[Channel.PAPER] = "NL"
    store.write_now(statements.run, "UPDATE account SET postal_address = 'Dam 1' WHERE id = ?", (anna,))
    delivery, where = way.hand_in(), Places(way.countries, EUROPE)
    way.clock.now += 7 * DAY
    await climbing.climb(where, store, int(way.clock()))
    async with relay(tmp_path, {}) as (made, _):
        await way.outbox(email(way, made)).turn()
    report = REPORT.format(action="failed", status="5.1.1").encode()
    await bounces.take(store, Mark(JobKind.EMAIL, delivery.id), report, int(way.clock()))
    found = way.delivery(delivery)
    if then == "14:remind":
        assert (found.state, found.ladder_due_at) == (DeliveryState.WAITING, int(way.clock()))
        return
    assert (found.state, found.ladder_due_at) == (DeliveryState.FAILED, None)
    assert "papier kan niet volgen" in await told(way)


@pytest.mark.parametrize(
    "message",
    [
        REPORT.format(action="delayed", status="4.4.1"),
        REPORT.format(action="delivered", status="2.0.0"),
        "Subject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\nBack on Monday\r\n",
        "Content-Type: multipart/report; boundary=\r\n\r\n" + "--\r\n" * 1000,
        "\r\n",
    ],
)
async def test_everything_else_is_only_noted(way: Way, tmp_path: Path, message: str) -> None:
    number, address = await handed_off(way, tmp_path)
    assert (await bounce(way.office, address.upper(), message)).startswith("250 ")
    found = way.office.store.look_up(bounces.deliveries.get, number)
    assert found.state is DeliveryState.HANDED_OFF
    assert len(way.kinds(found)) == 2


async def test_a_flood_of_replies_fills_no_transcript(way: Way, tmp_path: Path) -> None:
    number, _ = await handed_off(way, tmp_path)
    for _ in range(bounces.MAX_LINES + 5):
        await bounces.take(way.office.store, Mark(JobKind.EMAIL, number), b"Subject: away\r\n\r\n", 0)
    found = way.office.store.look_up(bounces.deliveries.get, number)
    assert len(way.kinds(found)) == bounces.MAX_LINES


async def test_a_report_comes_again_if_it_is_quicker_than_our_own_note(way: Way) -> None:
    delivery = way.hand_in()
    message = REPORT.format(action="failed", status="5.1.1").encode()
    with pytest.raises(Conflict):
        await bounces.take(way.office.store, Mark(JobKind.EMAIL, delivery.id), message, 0)
    address = way.marks.bounce_address(Mark(JobKind.EMAIL, delivery.id), "example.test")
    assert (await bounce(way.office, address, message.decode())).startswith("451 4.3.0")


async def test_a_late_report_is_not_believed(way: Way, tmp_path: Path) -> None:
    number, _ = await handed_off(way, tmp_path)
    late = int(way.clock()) + 31 * DAY
    report = REPORT.format(action="failed", status="5.1.1").encode()
    await bounces.take(way.office.store, Mark(JobKind.EMAIL, number), report, late)
    assert way.office.store.look_up(bounces.deliveries.get, number).state is DeliveryState.HANDED_OFF


async def test_a_report_of_an_earlier_step_does_not_take_back_a_letter(way: Way, tmp_path: Path) -> None:
    """Handed off on paper: what comes back by e-mail is about something else."""
    number, _ = await handed_off(way, tmp_path)
    store, anna = way.office.store, way.office.anna.account.id
    store.write_now(transcript.note, anna, number, "paper.handed-off", int(way.clock()), Channel.PAPER)
    report = REPORT.format(action="failed", status="5.1.1").encode()
    await bounces.take(store, Mark(JobKind.EMAIL, number), report, int(way.clock()))
    assert store.look_up(bounces.deliveries.get, number).state is DeliveryState.HANDED_OFF


async def test_nobody_makes_up_a_bounce_address(way: Way, tmp_path: Path) -> None:
    _, address = await handed_off(way, tmp_path)
    client = await Client.connect(way.office, "mx")
    await client.say("EHLO relay.test")
    await client.say("MAIL FROM:<>")
    mark = address.partition("+")[2]
    for made_up in (
        f"bounce+{'a' * 32}@example.test",
        f"bounce+{mark[1:]}",
        f"bounce+b{mark[1:]}",
        "bounce@example.test",
    ):
        assert (await client.say(f"RCPT TO:<{made_up}>")).startswith("550 ")


async def test_a_report_and_a_document_do_not_share_a_transaction(way: Way, tmp_path: Path) -> None:
    """Neither is lost: each is sent by itself later."""
    before = len(await way.office.messages(way.office.bram))
    _, address = await handed_off(way, tmp_path)
    for first, second in ((address, "bram@example.test"), ("bram@example.test", address)):
        client = await Client.connect(way.office, "mx")
        await client.say("EHLO relay.test")
        await client.say("MAIL FROM:<>")
        assert (await client.say(f"RCPT TO:<{first}>")).startswith("250 ")
        assert (await client.say(f"RCPT TO:<{second}>")).startswith("452 4.5.3")
        assert (await client.say("DATA")).startswith("354 ")
        client.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
        assert (await client.reply()).startswith("250 ")
    assert len(await way.office.messages(way.office.bram)) == before + 1


async def test_a_document_that_comes_back_is_refused(way: Way, tmp_path: Path) -> None:
    """Sent on to us by whoever it was sent to, or round and round by anybody."""
    way.hand_in()
    async with relay(tmp_path, {}) as (made, sessions):
        await way.outbox(email(way, made)).turn()
    back = sessions[0].message[: -len(b".\r\n")]
    client = await Client.connect(way.office, "mx")
    await client.say("EHLO elsewhere.test")
    reply = await client.hand_in(b"Received: from x by y; date\r\n" + back, "x@elsewhere.test", "bram@example.test")
    assert reply.startswith("554 5.4.6 ")
    many = b"Received: from x by y; date\r\n" * 101 + b"Subject: x\r\n\r\nx\r\n"
    assert (await client.hand_in(many, "x@elsewhere.test", "bram@example.test")).startswith("554 5.4.6 ")
    other = back.replace(header(back, b"Resent-Message-ID"), b"<abc@elsewhere.test>")
    assert (await client.hand_in(other, "x@elsewhere.test", "bram@example.test")).startswith("250 ")


# --- a real relay ---


class RelayPostfix(Postfix):
    """Takes mail over STARTTLS; the server of bad.test refuses it, and reports come to the bridge's own port."""

    def __init__(self, folder: Path, mx_port: int) -> None:
        super().__init__(folder)
        (folder / "tls").mkdir()
        write_certificate(folder / "tls")
        with (folder / "etc" / "main.cf").open("a") as file:
            file.write(_MAIN.format(folder=folder, mx=mx_port))
        with (folder / "etc" / "master.cf").open("a") as file:
            file.write(_MASTER)


_MAIN = """
smtpd_client_restrictions =
virtual_mailbox_domains =
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {folder}/tls/certificate.pem
smtpd_tls_key_file = {folder}/tls/key.pem
tls_random_source = dev:/dev/urandom
disable_dns_lookups = yes
transport_maps = inline:{{ {{bad.test = smtp:[127.0.0.1]:{mx}}}, {{elsewhere.test = discard:}},
  {{example.test = smtp:[127.0.0.1]:{mx}}} }}
"""
_MASTER = """
smtp      unix  - - n - - smtp
discard   unix  - - n - - discard
tlsmgr    unix  - - n 1000? 1 tlsmgr
"""


@pytest.fixture
def postfix(office: Office) -> Iterator[Postfix]:
    if os.geteuid() != 0 or not (SBIN / "smtpd").exists():
        pytest.skip("postfix is not installed, or we are not root")
    with TemporaryDirectory(prefix="px-") as folder:
        Path(folder).chmod(0o755)
        try:
            server = RelayPostfix(Path(folder) / "postfix", office.ports["mx"])
            server.start()
        except Unavailable as reason:
            pytest.skip(str(reason))
        try:
            yield server
        finally:
            server.stop()


async def test_a_real_postfix_carries_it_and_brings_back_what_it_cannot_deliver(way: Way, postfix: Postfix) -> None:
    context = authorities.verifying(postfix.folder / "tls" / "certificate.pem", "ca_file")
    made = Relay("127.0.0.1", postfix.intake.port, "starttls", context, "mail.example.test")
    good = way.hand_in()
    await way.outbox(email(way, made)).turn()
    way.verify_contact(way.office.anna, "nobody@bad.test")
    bad = way.hand_in(DOCUMENT.replace(b"<1@", b"<2@"))
    await way.outbox(email(way, made)).turn()
    async with asyncio.timeout(20):
        while way.delivery(bad).state is not DeliveryState.FAILED:  # noqa: ASYNC110 - another process acts
            await asyncio.sleep(0.05)
    assert way.kinds(bad) == ["email.handed-off", "email.failed", "hand-over.told"]
    assert way.delivery(good).state is DeliveryState.HANDED_OFF
