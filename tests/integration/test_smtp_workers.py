"""Worker processes that prepare hand-ins: what they make is what the bridge would; losing one loses no document."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from bridge.smtp import workers
from bridge.smtp.limits import Limits
from bridge.smtp.worker import Task, encode
from bridge.smtp.workers import Workers
from tests.smtp_office import OUTSIDE, Client, Office, running, until

ANNA, BRAM = "anna@example.test", "bram@example.test"
SMALL = 100
LARGE = 300_000


def message(number: int, size: int) -> bytes:
    head = f"From: {OUTSIDE}\r\nSubject: {number}\r\nMessage-ID: <{number}@workers.test>\r\n\r\n".encode()
    return head + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * (size // 72)


async def handed_in(client: Client, octets: bytes, *recipients: str) -> str:
    await client.say(f"MAIL FROM:<{OUTSIDE}>")
    for recipient in recipients:
        await client.say(f"RCPT TO:<{recipient}>")
    await client.say("DATA")
    client.send(octets + b".\r\n")
    return await client.reply()


async def processes(office: Office) -> list[int]:
    """Their process ids, once all are ready."""
    preparer = office.server.office.preparer
    assert isinstance(preparer, Workers)
    await until(lambda: all(worker.ready for worker in preparer._running))
    return [worker.process.pid for worker in preparer._running]


async def test_documents_small_and_large_arrive_whole(tmp_path: Path) -> None:
    async with running(tmp_path, workers=2) as office:
        clients = [await Client.connect(office, "smtp-plain") for _ in range(4)]
        for client in clients:
            await client.sign_in(office.erp)
        await processes(office)
        messages = [message(number, (SMALL, LARGE)[number % 2]) for number in range(len(clients))]
        replies = await asyncio.gather(
            *(handed_in(client, each, ANNA, BRAM) for client, each in zip(clients, messages, strict=True))
        )
        assert {reply[:19] for reply in replies} == {"250 2.0.0 stored as"}
        for person in (office.anna, office.bram):
            stored = await office.messages(person)
            assert sorted(each[each.index(b"From: ") :] for each in stored) == sorted(messages)
        assert len(list(office.store.bodies.names())) == 2


async def test_refusals_are_the_same_as_without_workers(tmp_path: Path) -> None:
    async with running(tmp_path, workers=1) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        await processes(office)
        assert (await handed_in(client, b"From: someone@else.test\r\n\r\nx\r\n", ANNA)).startswith("550 5.7.1 ")
        assert (await handed_in(client, b"Subject: x\r\n\r\na\0b\r\n", ANNA)).startswith("554 5.6.0 ")
        assert (await handed_in(client, message(1, SMALL), ANNA)).startswith("250 ")
        again = await handed_in(client, message(1, SMALL), ANNA)
        assert again.startswith("250 ")
        assert len(await office.messages(office.anna)) == 1


async def test_a_killed_worker_costs_a_try_again_and_is_replaced(tmp_path: Path) -> None:
    async with running(tmp_path, workers=1) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        (worker,) = await processes(office)
        os.kill(worker, signal.SIGSTOP)
        answer = asyncio.ensure_future(handed_in(client, message(2, LARGE), ANNA))
        preparer = office.server.office.preparer
        assert isinstance(preparer, workers.Workers)
        await until(lambda: any(each.asked for each in preparer._running))
        os.kill(worker, signal.SIGKILL)
        assert (await answer).startswith("451 4.3.1 ")
        assert (await handed_in(client, message(2, SMALL), ANNA)).startswith("250 ")
        assert await processes(office) != [worker]
        assert len(await office.messages(office.anna)) == 1


async def test_a_stuck_worker_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "ANSWER_SECONDS", 0.5)
    async with running(tmp_path, workers=1) as office:
        clients = [await Client.connect(office, "smtp-plain") for _ in range(3)]
        for client in clients:
            await client.sign_in(office.erp)
        (stuck,) = await processes(office)
        os.kill(stuck, signal.SIGSTOP)
        asked = (handed_in(client, message(number, SMALL), ANNA) for number, client in enumerate(clients))
        assert {reply[:10] for reply in await asyncio.gather(*asked)} == {"451 4.3.1 "}
        assert (await handed_in(clients[0], message(0, SMALL), ANNA)).startswith("250 ")
        assert await processes(office) != [stuck]
        assert len(await office.messages(office.anna)) == 1


async def test_going_down_does_not_wait_for_a_stuck_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "ANSWER_SECONDS", 0.5)
    async with running(tmp_path, Limits(drain_seconds=0.1), workers=1) as office:
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        (stuck,) = await processes(office)
        os.kill(stuck, signal.SIGSTOP)
        answer = asyncio.ensure_future(handed_in(client, message(1, LARGE), ANNA))
        await until(lambda: office.server.office.receiving > LARGE)
        await asyncio.wait_for(office.server.drain(), 10)
        assert (await answer)[:4] in ("451 ", "421 ")


@pytest.mark.parametrize("cut", [b"", b"\0\0", b"\0\0\0\x09half"])
def test_a_worker_whose_bridge_is_gone_ends_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], cut: bytes
) -> None:
    for heard in (False, True):
        ours, theirs = socket.socketpair()
        with theirs:
            process = workers._started(theirs)
        ours.sendall(encode(Task(tmp_path, b"")))
        if heard:
            assert ours.recv(1)
        ours.sendall(cut)
        ours.close()
        assert process.wait(20) == 0
    assert capfd.readouterr().err == ""


async def test_workers_end_with_the_bridge(tmp_path: Path) -> None:
    async with running(tmp_path, workers=2) as office:
        started = await processes(office)
        client = await Client.connect(office, "smtp-plain")
        await client.sign_in(office.erp)
        assert (await handed_in(client, message(1, SMALL), ANNA)).startswith("250 ")
        os.kill(started[0], signal.SIGTERM)  # as a service manager does to the whole group
        assert (await handed_in(client, message(2, SMALL), ANNA)).startswith("250 ")
        assert await processes(office) == started
    for worker in started:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
