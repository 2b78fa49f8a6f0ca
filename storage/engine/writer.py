"""The one writer: a thread, a queue, and one commit for all that has queued up.

Each function runs in its own savepoint, so that its error undoes its own work only. While a commit waits for the disk
the next batch queues up: the batch grows with the load by itself, and nobody waits for company (waiting shares
commits among more, and was measured to cost more than it saves: each who comes wakes the thread that waits, which
takes the interpreter from the event loop). Outcomes are handed over after the commit, changes first. What was queued
is carried out even if nobody waits for it any more.

    queue ──▶ BEGIN IMMEDIATE · (SAVEPOINT function RELEASE)* · COMMIT ──▶ publish(changes, dropped bodies, jobs)

A job that is `apart` runs between two batches, in no transaction: a checkpoint cannot run inside one.
A database that is locked, full or read-only rolls the batch back: everybody in it gets `WriterUnavailable`, and the
next batch tries again with a fresh connection. An I/O error that lack of room does not explain ends the writer for
good (`on_failure`).
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from sqlmodel import Session

from storage.engine import changes, connections, statements
from storage.engine.changes import Aftermath
from storage.engine.connections import Database
from storage.engine.watch import Watch
from storage.errors import WriterUnavailable

BATCH = 256
"""Functions in one commit at most."""
BATCH_SECONDS = 0.02
"""Work of one batch; what comes later waits for the next commit."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """A function to run in the writer, and what became of it."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    settle: Callable[["Job"], None]
    """Told once `result` or `error` stands."""
    in_loop: bool
    """Whether `settle` belongs into the event loop."""
    apart: bool = False
    """To be run outside of any transaction, by itself."""
    result: Any = None
    error: BaseException | None = None


Publish = Callable[[Aftermath, list[Job]], None]


class Writer:
    """Owns the writing connection. `publish` and `on_failure` are called in the writer's thread."""

    def __init__(self, database: Database, watch: Watch, publish: Publish, on_failure: Callable[[], None]) -> None:
        self._database = database
        self._watch = watch
        self._publish = publish
        self._on_failure = on_failure
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._session: Session | None = None
        self._next: Job | None = None
        """An `apart` job that ended the batch before it."""
        self._failed = False
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="postex-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Queue a job. After `close` it is refused with `WriterUnavailable`."""
        with self._closing:
            if not self._closed:
                self._queue.put(job)
                return
        self._refuse([job])

    def close(self) -> None:
        """Carry out what is queued, then end the thread and its connection."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._taken()) is not None:
            (self._run_apart if job.apart else self._batch)(job)
        self._disconnect()

    def _taken(self) -> Job | None:
        kept, self._next = self._next, None
        return kept or self._queue.get()

    def _run_apart(self, job: Job) -> None:
        try:
            if self._failed:
                raise WriterUnavailable("failed")
            job.result = job.function(self._connected(), *job.arguments, **job.keywords)
        except Exception as error:  # noqa: BLE001 - whatever it is, the writer goes on
            self._give_up([job], error)
        else:
            self._publish(Aftermath(), [job])

    def _batch(self, first: Job) -> None:
        ran: list[Job] = []
        try:
            session = self._begun()
            for job in self._company(first):
                ran.append(job)
                self._attempt(session, job)
            statements.run(session, "COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it is, the writer goes on
            self._give_up(ran or [first], error)
        else:
            self._watch.committed()
            self._publish(changes.taken(session), ran)

    def _company(self, first: Job) -> Iterator[Job]:
        """`first` and those queued behind it, until the batch has its measure. Gives the end mark back."""
        until = time.perf_counter() + BATCH_SECONDS
        yield first
        for _ in range(BATCH - 1):
            if time.perf_counter() > until:
                return
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return
            if job is None:
                self._queue.put(None)
                return
            if job.apart:
                self._next = job
                return
            yield job

    def _begun(self) -> Session:
        if self._failed:
            raise WriterUnavailable("failed")
        session = self._connected()
        statements.run(session, "BEGIN IMMEDIATE")
        return session

    def _connected(self) -> Session:
        if self._session is None:
            self._session = self._database.writing()
            self._watch.attach(self._session)
        return self._session

    def _attempt(self, session: Session, job: Job) -> None:
        """Run one job in its savepoint; raises only what loses the whole batch."""
        mark = changes.aftermath(session).mark()
        statements.run(session, "SAVEPOINT work")
        try:
            job.result = job.function(session, *job.arguments, **job.keywords)
        except BaseException as error:
            if connections.breaks_transaction(error):
                job.error = connections.meaning(error)
                raise
            job.error = error
            statements.run(session, "ROLLBACK TO work")
            changes.aftermath(session).forget_since(mark)
        statements.run(session, "RELEASE work")

    def _give_up(self, jobs: list[Job], cause: Exception) -> None:
        """Nothing of the batch was kept. Those queued behind a lock that did not open are not made to wait again."""
        _log.error("batch_lost", jobs=len(jobs), kind=type(cause).__name__)
        self._disconnect()
        if connections.must_end(cause, self._database.path):
            self._failed = True
            self._on_failure()
        self._refuse([*jobs, *self._queued()])

    def _queued(self) -> list[Job]:
        waiting: list[Job] = []
        while not self._queue.empty():
            job = self._queue.get()
            if job is None:
                self._queue.put(None)
                break
            waiting.append(job)
        return waiting

    def _refuse(self, jobs: list[Job]) -> None:
        for job in jobs:
            job.result, job.error = None, job.error or WriterUnavailable("database")
        self._publish(Aftermath(), jobs)

    def _disconnect(self) -> None:
        if self._session is None:
            return
        session, self._session = self._session, None
        try:
            connections.close(session)
        except Exception as error:  # noqa: BLE001 - it is thrown away either way
            _log.warning("writer_close", kind=type(error).__name__)
