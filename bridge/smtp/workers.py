"""Who prepares hand-ins: worker processes, or the bridge itself.

Scanning and sealing hold the interpreter, and each call that waits for the disk gives it up and has to win it back:
threads would queue for it with the event loop and the writer (docs/decisions/0005). Processes do not, and each syncs
its body files by itself. A worker that dies costs the hand-ins it had a «try again later»; the next hand-in starts
another, and until one is ready the bridge prepares by itself. One that gives no answer for `ANSWER_SECONDS` (stopped,
or stuck in a message) is killed, with the same end: no client waits for ever, nor does the bridge when it goes down.
"""

import asyncio
import os
import pickle
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from typing import Protocol, cast

import structlog

from bridge.channels.sealing import is_light
from bridge.smtp.handin import Arrival, Prepared, prepare
from bridge.smtp.worker import LENGTH, Fault, Task, encode
from storage.database import Store
from storage.errors import WriterUnavailable

log = structlog.get_logger(__name__)

_SEND_BUFFER = 1 << 20
_END_SECONDS = 5.0
ANSWER_SECONDS = 30.0
"""The slowest message takes one or two; the rest is for a disk that is slow to sync."""


class Preparer(Protocol):
    """Makes hand-ins ready for the database."""

    async def prepare(self, arrival: Arrival) -> Prepared:
        """`handin.prepare`. DataRefused, WriterUnavailable: nothing was kept."""

    async def close(self) -> None:
        """Nothing more comes."""


class InProcess:
    """Prepares here: small messages at once, others in the body pool."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def prepare(self, arrival: Arrival) -> Prepared:
        store = self._store
        if is_light(arrival.data.size, len(arrival.readers)):
            return prepare(arrival, store.server_keys.dedupe, store.bodies)
        return await store.in_body_pool(prepare, arrival, store.server_keys.dedupe, store.bodies)

    async def close(self) -> None:
        return


class Workers:
    """`count` worker processes, started here and again when one has died."""

    def __init__(self, store: Store, count: int) -> None:
        self._meanwhile = InProcess(store)
        self._task = Task(store.bodies.folder, store.server_keys.dedupe)
        self._count = count
        self._running: list[_Worker] = []
        self._ending: list[subprocess.Popen[bytes]] = []
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Start those that are missing; they are ready some time later."""
        async with self._starting:
            self._ending = [process for process in self._ending if process.poll() is None]
            while len(self._running) < self._count:
                self._running.append(await self._start_one())

    async def _start_one(self) -> "_Worker":
        ours, theirs = socket.socketpair()
        with theirs:
            process = _started(theirs)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        _, worker = await asyncio.get_running_loop().create_connection(
            lambda: _Worker(process, self._lost), sock=ours
        )
        worker.send(self._task)
        return worker

    async def prepare(self, arrival: Arrival) -> Prepared:
        if len(self._running) < self._count:
            await self.start()
        ready = [worker for worker in self._running if worker.ready]
        if not ready:
            return await self._meanwhile.prepare(arrival)
        worker = min(ready, key=lambda each: len(each.asked))
        outcome = await asyncio.shield(worker.ask(arrival))
        if isinstance(outcome, Prepared):
            return outcome
        if isinstance(outcome, Fault):
            raise RuntimeError(f"a worker met {outcome.kind}")
        raise outcome

    async def close(self) -> None:
        """Let them end, and see that they do."""
        for worker in tuple(self._running):
            worker.leave()
            self._lost(worker)
        await asyncio.gather(*(asyncio.to_thread(_ended, process) for process in self._ending))

    def _lost(self, worker: "_Worker") -> None:
        if worker in self._running:
            self._running.remove(worker)
            self._ending.append(worker.process)


class _Worker(asyncio.Protocol):
    """Our end of the socket to one worker."""

    def __init__(self, process: "subprocess.Popen[bytes]", forget: Callable[["_Worker"], None]) -> None:
        self.process = process
        self.asked: deque[asyncio.Future[Prepared | Fault | Exception]] = deque()
        """In the order of the answers."""
        self.ready = False
        self._patience: asyncio.TimerHandle | None = None
        """Runs while something is asked, anew from each answer."""
        self._forget = forget
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, value: object) -> None:
        assert self._transport is not None
        self._transport.write(encode(value))

    def ask(self, arrival: Arrival) -> "asyncio.Future[Prepared | Fault | Exception]":
        answer: asyncio.Future[Prepared | Fault | Exception] = asyncio.get_running_loop().create_future()
        self.asked.append(answer)
        if self._patience is None:
            self._wait_again()
        self.send(arrival)
        return answer

    def _wait_again(self) -> None:
        """Give the next answer its time from now on, if there is one to come."""
        if self._patience is not None:
            self._patience.cancel()
        later = asyncio.get_running_loop().call_later
        self._patience = later(ANSWER_SECONDS, self._give_up) if self.asked else None

    def _give_up(self) -> None:
        log.error("smtp.worker_stuck", count=len(self.asked))
        self.process.kill()

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        while len(received) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(received)[0]
            if len(received) < end:
                return
            answer = pickle.loads(received[LENGTH.size : end])  # noqa: S301 - from our own worker
            del received[:end]
            if self.ready:
                self.asked.popleft().set_result(answer)
                self._wait_again()
            self.ready = True

    def leave(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._forget(self)
        if self._patience is not None:
            self._patience.cancel()
        if self.asked:
            log.error("smtp.worker_lost", count=len(self.asked))
        for answer in self.asked:
            answer.set_result(WriterUnavailable("worker"))


def _started(theirs: socket.socket) -> "subprocess.Popen[bytes]":
    """With our own import path, so that it finds the same code wherever we were started."""
    descriptor = theirs.fileno()
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-P", "-m", "bridge.smtp.worker", str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _ended(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
