"""Slow, noisy and greedy clients: precise answers, bounded time, and good clients served meanwhile (R9, R14)."""

import asyncio
import os
import random
import socket
import time
from base64 import b64encode
from pathlib import Path

import pytest

from bridge.smtp import replies
from bridge.smtp.limits import Limits
from tests.smtp_office import HOST, OUTSIDE, Client, Office, running, trusting, until

QUICK = Limits(command_seconds=0.2, sign_in_seconds=0.2, handshake_seconds=0.3, data_grace=0.2, data_floor=1000)


@pytest.mark.parametrize(
    "octets", [b"\x16\x03\x01" + bytes(200), b"EHLO plain\r\n", b"\xff" * 5000, b"GET / HTTP/1.1\r\n\r\n"]
)
async def test_garbage_on_a_tls_port_is_closed_at_once(tmp_path: Path, octets: bytes) -> None:
    async with running(tmp_path) as office:
        reader, writer = await asyncio.open_connection(HOST, office.ports["smtps"])
        writer.write(octets)
        await ended(reader)
        writer.close()
        assert (await (await Client.connect(office, "smtps")).say("NOOP")).startswith("250 ")


@pytest.mark.parametrize("octets", [b"", b"\x16\x03"])
async def test_a_handshake_that_does_not_come_is_cut_off(tmp_path: Path, octets: bytes) -> None:
    async with running(tmp_path, QUICK) as office:
        reader, writer = await asyncio.open_connection(HOST, office.ports["smtps"])
        writer.write(octets)
        await ended(reader)
        writer.close()


async def ended(reader: asyncio.StreamReader) -> None:
    """The server closes within the time that a handshake may take."""
    try:
        await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return


@pytest.mark.parametrize("octets", [b"", b"not TLS at all\r\n", os.urandom(300)])
async def test_starttls_without_a_handshake(tmp_path: Path, octets: bytes) -> None:
    async with running(tmp_path, QUICK) as office:
        client = await Client.connect(office, "mx")
        await client.say("EHLO x")
        assert (await client.say("STARTTLS")).startswith("220 ")
        client.send(octets)
        await ended(client.reader)
        async with asyncio.timeout(10):
            await office.server.office._empty.wait()


async def test_a_client_that_leaves_within_starttls(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        client = await Client.connect(office, "mx")
        await client.say("EHLO x")
        await client.say("STARTTLS")
        await client.close()
        async with asyncio.timeout(5):
            await office.server.office._empty.wait()


async def test_what_was_said_before_tls_does_not_count_after_it(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        client = await Client.connect(office, "mx")
        await client.say("EHLO x")
        await client.say("MAIL FROM:<x@elsewhere.test>")
        await client.start_tls()
        assert (await client.say("RCPT TO:<anna@example.test>")).startswith("503 5.5.1 send EHLO")
        await client.say("EHLO y")
        assert (await client.say("RCPT TO:<anna@example.test>")).startswith("503 5.5.1 send MAIL")
        assert (await client.say("STARTTLS")).startswith("503 5.5.1 TLS is active")


@pytest.mark.parametrize("door", ["mx", "smtp-plain"])
async def test_silence_is_ended_with_an_answer(tmp_path: Path, door: str) -> None:
    async with running(tmp_path, QUICK) as office:
        client = await Client.connect(office, door)
        client.send(b"EHL")
        assert await client.reply() == replies.TIMEOUT
        assert await client.reply() == ""


async def test_activity_does_not_stretch_the_time_to_sign_in(tmp_path: Path) -> None:
    limits = Limits(sign_in_seconds=0.3, sign_in_commands=10**9)
    async with running(tmp_path, limits) as office:
        client = await Client.connect(office, "smtp-plain")
        async with asyncio.timeout(10):
            while (reply := await client.say("NOOP")).startswith("250 "):
                continue
        assert reply == replies.TIMEOUT


async def test_data_that_trickles_is_ended_with_an_answer(tmp_path: Path) -> None:
    async with running(tmp_path, QUICK) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        for line in (f"MAIL FROM:<{OUTSIDE}>", "RCPT TO:<anna@example.test>", "DATA"):
            assert (await client.say(line))[0] in "23"
        client.send(b"Subject: slow\r\n")
        assert await client.reply() == replies.TOO_SLOW
        assert await office.messages(office.anna) == []


async def test_five_hundred_slow_clients_do_not_slow_a_good_one(tmp_path: Path) -> None:
    """R9: each sends a byte at a time; a whole delivery stays under a second (p99)."""
    async with running(tmp_path) as office:
        slow = []
        for number in range(500):
            sock = socket.socket()
            sock.setblocking(False)
            port = office.ports[("mx", "smtp-plain", "smtps", "submission")[number % 4]]
            await asyncio.get_running_loop().sock_connect(sock, (HOST, port))
            slow.append(sock)
        taken = []
        for turn in range(30):
            for sock in slow[turn % 10 :: 10]:
                sock.send(b"E")
            began = time.perf_counter()
            client = await Client.connect(office, "smtps")
            await client.sign_in(office.erp)
            assert (
                await client.hand_in(b"From: erp@example.test\r\n\r\nx\r\n", OUTSIDE, "anna@example.test")
            ).startswith("250 ")
            taken.append(time.perf_counter() - began)
            await client.close()
        assert sorted(taken)[-1] < 1.0
        for sock in slow:
            sock.close()


async def test_connections_are_capped_with_an_answer(tmp_path: Path) -> None:
    async with running(tmp_path, Limits(connections=3)) as office:
        taken = [await Client.connect(office, "mx") for _ in range(3)]
        turned_away = await Client.connect(office, "mx", greet=False)
        assert await turned_away.reply() == replies.TOO_MANY_CONNECTIONS
        assert await turned_away.reply() == ""
        await taken[0].say("QUIT")
        await taken[0].close()
        await until(lambda: len(office.server.office.connections) < 3)
        assert (await (await Client.connect(office, "mx")).say("NOOP")).startswith("250 ")


async def test_connections_of_one_network_are_capped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.smtp.office._network", lambda ip: "192.0.2.1")
    async with running(tmp_path, Limits(connections_per_network=1)) as office:
        await Client.connect(office, "mx")
        turned_away = await Client.connect(office, "mx", greet=False)
        assert await turned_away.reply() == replies.TOO_MANY_FROM_YOU


async def test_guessing_is_stopped_across_connections(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        answers = await guesses(office, 11)
        assert answers[:10] == [replies.AUTH_REFUSED] * 10
        assert answers[10] == replies.AUTH_TOO_MANY
        client = await Client.connect(office, "smtp-plain")
        assert await client.sign_in(office.erp) == replies.AUTH_TOO_MANY, "a right secret is not looked at either"


async def test_acting_for_another_counts_as_a_guess(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        device = office.erp.device
        for number in range(11):
            client = await Client.connect(office, "smtp-plain")
            await client.say("EHLO x")
            plain = f"other{number}@example.test\0{device.username}\0{device.password}{number}"
            answer = await client.say("AUTH PLAIN " + b64encode(plain.encode()).decode())
            assert answer == (replies.AUTH_REFUSED if number < 10 else replies.AUTH_TOO_MANY)


async def guesses(office: Office, count: int) -> list[str]:
    answers = []
    for number in range(count):
        client = await Client.connect(office, "smtp-plain")
        await client.say("EHLO x")
        answers.append(await client.say("AUTH PLAIN " + b64encode(f"\0erp@example.test\0{number}".encode()).decode()))
        await client.close()
    return answers


async def test_unknown_recipients_are_not_fished_for(tmp_path: Path) -> None:
    async with running(tmp_path, Limits(unknown_recipients=3)) as office:
        client = await Client.connect(office, "mx")
        await client.say("EHLO x")
        await client.say("MAIL FROM:<x@elsewhere.test>")
        for number in range(3):
            assert (await client.say(f"RCPT TO:<guess{number}@example.test>")).startswith("550 5.1.1 ")
        assert await client.reply() == replies.TOO_MANY_ERRORS


async def test_a_client_that_does_not_read_is_cut_off(tmp_path: Path) -> None:
    async with running(tmp_path, Limits(command_seconds=0.3)) as office:
        client = await Client.connect(office, "mx")
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        client.send(b"HELP\r\n" * 500_000)
        async with asyncio.timeout(20):
            await office.server.office._empty.wait()


async def test_tls_is_1_2_or_later(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        context = trusting()
        assert office.tls.minimum_version.name == "TLSv1_2"
        reader, writer = await asyncio.open_connection(HOST, office.ports["smtps"], ssl=context)
        assert writer.get_extra_info("ssl_object").version() in ("TLSv1.2", "TLSv1.3")
        assert (await reader.readline()).startswith(b"220 ")
        writer.close()
        await writer.wait_closed()


async def test_many_random_sessions_never_end_without_a_word(tmp_path: Path) -> None:
    """Random commands and bytes: each line is answered, and the next client is served."""
    rng = random.Random(7)
    words = ["EHLO x", "HELO", "MAIL FROM:<>", "MAIL FROM:<x@y.test>", "RCPT TO:<anna@example.test>", "RSET", "NOOP"]
    words += [
        "AUTH",
        "AUTH LOGIN",
        "VRFY",
        "HELP MAIL",
        "HELP nonsense",
        "STARTTLS x",
        "DATA x",
        "EXPN",
        "\x01",
        "é",
        " ",
    ]
    async with running(tmp_path, Limits(errors=10**6)) as office:
        for _ in range(20):
            client = await Client.connect(office, "mx")
            for _ in range(30):
                line = rng.choice(words)
                reply = await client.say(line)
                assert reply[:1] in ("2", "3", "4", "5"), line
                if reply.startswith("334"):
                    await client.say("*")
            await client.close()
