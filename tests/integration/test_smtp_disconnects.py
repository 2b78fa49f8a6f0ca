"""R17: a client that closes, resets or half-closes at each phase of a delivery: stored once or not at all.

What was acknowledged is stored; what was not may be stored or not, and a retry makes it exactly one.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.smtp.limits import Limits
from tests.smtp_office import Client, Office, running, until

MESSAGE = b"From: erp@example.test\r\nMessage-ID: <1@x>\r\n\r\n" + b"x" * 60_000 + b"\r\n.\r\n"
PHASES = (
    b"MAIL FROM:<facturen@energie.test>\r\n",
    b"RCPT TO:<anna@example.test>\r\n",
    b"DATA\r\n",
    MESSAGE[:100],
    MESSAGE[100:-5],
    MESSAGE[-5:-2],
    MESSAGE[-2:],
)
COMPLETE = len(PHASES)
ANSWERED = 3


def close(client: Client) -> None:
    client.writer.close()


def reset(client: Client) -> None:
    sock = client.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.writer.transport.abort()


def half_close(client: Client) -> None:
    client.writer.write_eof()


async def sent_up_to(office: Office, phase: int) -> Client:
    client = await Client.connect(office, "smtp-plain")
    await client.sign_in(office.erp)
    for octets in PHASES[:phase]:
        client.send(octets)
        if octets.endswith(b"\r\n") and octets in PHASES[:ANSWERED]:
            assert (await client.reply())[:1] in "23"
    await client.writer.drain()
    return client


async def gone(office: Office) -> None:
    """Wait until the server has no connection left: only then is everything decided."""
    async with asyncio.timeout(15):
        await office.server.office._empty.wait()


@pytest.mark.parametrize("leave", [close, reset, half_close])
@pytest.mark.parametrize("phase", range(COMPLETE + 1))
async def test_stored_once_or_not_at_all(tmp_path: Path, phase: int, leave: Callable[[Client], None]) -> None:
    async with running(tmp_path) as office:
        client = await sent_up_to(office, phase)
        leave(client)
        answers = [] if leave is not half_close else await heard(client)
        await gone(office)
        stored = len(await office.messages(office.anna))
        assert stored <= (phase == COMPLETE)
        if leave is half_close:
            assert any(answer.startswith("250 2.0.0 stored as ") for answer in answers) == bool(stored)
            assert stored == (phase == COMPLETE)
            assert any(answer.startswith("421 4.4.2 ") for answer in answers) == (ANSWERED <= phase < COMPLETE)
        retry = await sent_up_to(office, COMPLETE)
        assert (await retry.reply()).startswith("250 2.0.0 stored as ")
        assert len(await office.messages(office.anna)) == 1
        await until(lambda: len(list(office.store.bodies.names())) == 1)  # a duplicate's is deleted after the answer
        assert office.server.office.receiving == 0


async def heard(client: Client) -> list[str]:
    answers = []
    while answer := await client.reply():
        answers.append(answer)
    return answers


async def test_a_client_that_leaves_during_the_commit_does_not_cancel_it(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        writing, go_on = asyncio.Event(), asyncio.Event()
        stored: list[object] = []
        office.store.listen(stored.append)
        write = office.store.write

        async def slow(*arguments: object) -> object:
            writing.set()
            await go_on.wait()
            return await write(*arguments)  # type: ignore[arg-type]

        office.store.write = slow  # type: ignore[method-assign, assignment]
        client = await sent_up_to(office, COMPLETE)
        async with asyncio.timeout(10):
            await writing.wait()
        reset(client)
        await gone(office)
        go_on.set()
        await until(lambda: bool(stored))
        assert len(await office.messages(office.anna)) == 1


async def test_going_down_lets_a_hand_in_end_with_its_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        idle = await Client.connect(office, "mx")
        busy = await sent_up_to(office, 4)
        await until(lambda: office.server.office.receiving > 0)
        drained = asyncio.ensure_future(office.server.drain())
        assert (await idle.reply()).startswith("421 4.3.2 ")
        for octets in PHASES[4:]:
            busy.send(octets)
        assert (await busy.reply()).startswith("250 2.0.0 stored as ")
        assert (await busy.reply()).startswith("421 4.3.2 ")
        await asyncio.wait_for(drained, 10)
        assert len(await office.messages(office.anna)) == 1


async def test_going_down_does_not_wait_for_ever(tmp_path: Path) -> None:
    async with running(tmp_path, Limits(drain_seconds=0.1)) as office:
        stuck = await sent_up_to(office, 4)
        await until(lambda: office.server.office.receiving > 0)
        await asyncio.wait_for(office.server.drain(), 10)
        assert (await stuck.reply()).startswith("421 4.3.2 ")
        assert await office.messages(office.anna) == []
