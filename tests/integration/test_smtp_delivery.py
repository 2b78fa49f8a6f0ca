"""Documents through real sockets into a real store, and out again with the readers' own keys."""

import asyncio
import smtplib
from pathlib import Path

import pytest

from bridge.smtp.limits import Limits
from storage.access import devices
from storage.errors import WriterUnavailable
from storage.oversight.usage import Category
from storage.people import accounts
from storage.records import Role
from tests.smtp_office import HOST, OUTSIDE, Client, Office, running, trusting, until

HEADER = b"From: Energie <facturen@energie.test>\r\nSubject: Invoice\r\nMessage-ID: <%d@energie.test>\r\n\r\n"
BODY = b"Dear reader,\r\n\r\n.hidden dot\r\n..two\r\n\xe2\x82\xac 12\r\n"
STUFFED = BODY.replace(b"\r\n.", b"\r\n..")
ANNA, BRAM = "anna@example.test", "bram@example.test"


def without_trace(message: bytes) -> bytes:
    trace, separator, received = message.partition(b" +0000\r\n")
    assert b"Received: from " in trace
    assert b" for " not in trace
    assert b"127.0.0.1" not in trace
    assert separator
    return received


@pytest.mark.parametrize("door", ["smtp-plain", "smtps", "submission", "mx"])
async def test_through_each_door_after_a_sign_in(tmp_path: Path, door: str) -> None:
    async with running(tmp_path) as office:
        client = await Client.connect(office, door)
        if door in ("submission", "mx"):
            await client.say("EHLO before.tls")
            await client.start_tls()
        assert (await client.sign_in(office.erp)).startswith("235 ")
        reply = await client.hand_in(HEADER % 1 + STUFFED, OUTSIDE, ANNA)
        assert reply.startswith("250 2.0.0 stored as ")
        (message,) = await office.messages(office.anna)
        assert without_trace(message) == HEADER % 1 + BODY
        keyword = b"ESMTPA" if door == "smtp-plain" else b"ESMTPSA"
        assert b"with " + keyword + b" id" in message
        await client.close()


@pytest.mark.parametrize("size", [0, 100, 5_000, 20_000, 100_000, 1_000_000, 5_000_000])
async def test_sizes_come_out_byte_exact(tmp_path: Path, size: int) -> None:
    async with running(tmp_path) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        line = b"." + bytes(range(14, 256)) + b"\r\n"
        message = b"\r\n" + (line * (size // len(line) + 1))[:size].rstrip(b"\r") + b"\r\n"
        assert (await client.hand_in(message.replace(b"\r\n.", b"\r\n.."), OUTSIDE, ANNA)).startswith("250 ")
        assert [without_trace(stored) for stored in await office.messages(office.anna)] == [message]
        await client.close()


async def test_one_body_for_many_recipients(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        people = [office.person(f"r{number}@example.test", Role.RECIPIENT) for number in range(40)]
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        addresses = [person.account.email for person in people]
        twice = [*addresses, *addresses, "r0+tag@example.test", "R0@EXAMPLE.test"]
        assert (await client.hand_in(HEADER % 1 + b"x" * 50_000 + b"\r\n", OUTSIDE, *twice)).startswith("250 ")
        assert len(list(office.store.bodies.names())) == 1
        assert [len(await office.messages(person)) for person in people] == [1] * 40
        await client.close()


async def test_a_retried_transaction_is_stored_once(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        replies = []
        for recipients in ((ANNA, BRAM), (BRAM, ANNA)):
            client = await Client.connect(office, "smtp-plain")
            await client.sign_in(office.erp)
            replies.append(await client.hand_in(HEADER % 1 + b"x" * 50_000 + b"\r\n", OUTSIDE, *recipients))
            await client.close()
        assert replies[0] == replies[1]
        assert len(await office.messages(office.anna)) == 1
        await until(lambda: len(list(office.store.bodies.names())) == 1)  # deleted after the answer


async def test_what_differs_or_has_no_message_id_is_stored_again(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        plain = b"From: erp@example.test\r\n\r\nthe same\r\n"
        replies = [await client.hand_in(message, OUTSIDE, ANNA) for message in (plain, plain, HEADER % 1, HEADER % 2)]
        assert len(set(replies)) == 4
        assert len(await office.messages(office.anna)) == 4
        await client.close()


async def test_a_suspended_recipient_keeps_its_mail_and_a_suspended_sender_sends_none(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        await office.store.write(accounts.suspend, office.anna.account.id, 1)
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        assert (await client.hand_in(HEADER % 1 + BODY, OUTSIDE, ANNA)).startswith("250 ")
        assert len(await office.messages(office.anna)) == 1
        await client.close()

        await office.store.write(accounts.suspend, office.erp.account.id, 1)
        client = await Client.connect(office, "smtp-plain")
        assert (await client.sign_in(office.erp)).startswith("535 5.7.8 ")
        await client.close()


async def test_a_sender_suspended_within_its_connection(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        await office.store.write(accounts.suspend, office.erp.account.id, 1)
        assert await client.reply() == "421 4.7.0 this account may not sign in at present, closing"
        assert await client.reply() == ""
        again = await Client.connect(office, "smtp-plain")
        assert (await again.sign_in(office.erp)).startswith("535 ")
        await again.close()


async def test_revoking_the_device_ends_its_connections(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        client, other = await Client.connect(office, "smtps"), await Client.connect(office, "mx")
        await client.sign_in(office.erp)
        device = office.erp.device.device
        await office.store.write(devices.revoke, device.account_id, device.id, 1)
        assert await client.reply() == "421 4.7.0 this device was revoked, closing"
        assert await client.reply() == ""
        assert (await other.say("NOOP")).startswith("250 ")
        await client.close()
        await other.close()


async def test_the_size_limit_announced_and_counted(tmp_path: Path) -> None:
    async with running(tmp_path, Limits(message_bytes=100_000)) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        assert (await client.say(f"MAIL FROM:<{OUTSIDE}> SIZE=100001")).startswith("552 5.3.4 ")
        assert (await client.hand_in(b"x" * 150_000 + b"\r\n", OUTSIDE, ANNA)).startswith("552 5.3.4 ")
        assert (await client.hand_in(b"\r\n" + b"x" * 99_996 + b"\r\n", OUTSIDE, ANNA)).startswith("250 ")
        assert (await client.hand_in(b"x" * 3_000_000 + b"\r\n", OUTSIDE, ANNA)).startswith("421 4.3.4 ")
        assert await client.reply() == ""
        assert len(await office.messages(office.anna)) == 1
        await client.close()


async def test_too_many_recipients(tmp_path: Path) -> None:
    async with running(tmp_path, Limits(recipients=2)) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        await client.say(f"MAIL FROM:<{OUTSIDE}>")
        tags = [await client.say(f"RCPT TO:<anna+{number}@example.test>") for number in range(3)]
        assert [tag[:9] for tag in tags] == ["250 2.0.0", "250 2.0.0", "452 4.5.3"]
        assert (await client.say("RCPT TO:<anna+0@example.test>")).startswith("250 "), "known already"
        await client.close()


async def test_too_much_at_once_is_asked_to_come_again(tmp_path: Path) -> None:
    async with running(tmp_path, Limits(received_bytes=10_000)) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        assert (await client.hand_in(b"x" * 2_000_000 + b"\r\n", OUTSIDE, ANNA)).startswith("452 4.3.1 ")
        assert office.server.office.receiving == 0
        assert (await client.hand_in(HEADER % 1 + BODY, OUTSIDE, ANNA)).startswith("250 ")
        await client.close()


async def test_a_store_that_cannot_write_is_a_temporary_answer_and_leaves_no_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)

        async def refuse(*_: object) -> None:
            raise WriterUnavailable("secret detail")

        with monkeypatch.context() as patched:
            patched.setattr(office.store, "write", refuse)
            reply = await client.hand_in(HEADER % 1 + b"x" * 50_000 + b"\r\n", OUTSIDE, ANNA)
        assert reply.startswith("451 4.3.1 ")
        assert "secret" not in reply
        assert list(office.store.bodies.names()) == []
        assert (await client.hand_in(HEADER % 1 + BODY, OUTSIDE, ANNA)).startswith("250 ")
        await client.close()


async def test_an_unforeseen_fault_is_451_without_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(tmp_path) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)

        def fail(*_: object) -> None:
            raise ValueError("secret detail")

        monkeypatch.setattr(office.server.office, "resolve", fail)
        await client.say(f"MAIL FROM:<{OUTSIDE}>")
        assert (
            await client.say(f"RCPT TO:<{ANNA}>") == "451 4.3.0 internal fault, nothing was stored; try again later"
        )
        assert (await client.say("NOOP")).startswith("250 ")
        await client.close()


async def test_pipelined_transactions_in_one_go(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        envelope = f"MAIL FROM:<{OUTSIDE}>\r\nRCPT TO:<{ANNA}>\r\nDATA\r\n".encode()
        client.send(b"".join(envelope + HEADER % number + STUFFED + b".\r\n" for number in range(20)) + b"QUIT\r\n")
        replies = [await client.reply() for _ in range(81)]
        assert [reply[:3] for reply in replies] == ["250", "250", "354", "250"] * 20 + ["221"]
        assert [without_trace(m) for m in await office.messages(office.anna)] == [
            HEADER % n + BODY for n in range(20)
        ]
        await client.close()


async def test_the_standard_library_as_a_client(tmp_path: Path) -> None:
    def send(office: Office) -> None:
        device = office.erp.device
        with smtplib.SMTP_SSL(HOST, office.ports["smtps"], context=trusting(), timeout=10) as client:
            client.login(device.username, device.password)
            client.sendmail(OUTSIDE, [ANNA, BRAM], HEADER % 1 + BODY)
        with smtplib.SMTP(HOST, office.ports["submission"], timeout=10) as client:
            client.starttls(context=trusting())
            client.login(device.username, device.password)
            client.sendmail(OUTSIDE, [ANNA], HEADER % 2 + BODY, mail_options=["SMTPUTF8", "BODY=8BITMIME"])

    async with running(tmp_path) as office:
        await asyncio.to_thread(send, office)
        assert [without_trace(message) for message in await office.messages(office.anna)] == [
            HEADER % 1 + BODY,
            HEADER % 2 + BODY,
        ]


async def test_a_sign_in_counts_as_one(tmp_path: Path) -> None:
    """S13: at this door as at the others."""
    async with running(tmp_path) as office:
        client = await Client.connect(office, "smtps")
        await client.sign_in(office.erp)
        assert office.store.usage.take() == {(office.erp.account.id, Category.SIGN_IN): 1}
        refused = await Client.connect(office, "smtps")
        await refused.say("EHLO x")
        assert (await refused.say("AUTH PLAIN AGVycABub25l")).startswith("535 ")
        assert office.store.usage.take() == {}
