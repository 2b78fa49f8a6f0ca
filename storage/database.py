"""The store of one data folder: the only object the bridge holds.

    DATA/postex.db   the SQLCipher database     DATA/keyring.db   shred secrets
    DATA/bodies/     sealed bodies              DATA/lock         one process at a time

Functions of this package take a session and return records; `Store` runs them: writes in the one writer thread with
group commit, reads in a small pool. Synchronous inside, asynchronous outside.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import structlog
from sqlmodel import Session

from storage import migrations
from storage.choices import dependence
from storage.engine import connections, statements, write_ahead_log
from storage.engine.bodies import FileBodies
from storage.engine.changes import Aftermath
from storage.engine.connections import Database
from storage.engine.lock import DataFolderLock
from storage.engine.readers import Readers, ReadingConnection
from storage.engine.removals import Removals
from storage.engine.watch import Watch
from storage.engine.writer import Job, Writer
from storage.errors import NotFound, Tampered
from storage.keys.keyring import KeyRing
from storage.keys.master import MasterKey, ServerKeys
from storage.oversight import audit
from storage.oversight.usage import Tally
from storage.records import Change
from storage.shredding import ShredSecrets

P = ParamSpec("P")
T = TypeVar("T")
Listener = Callable[[Change], None]

READER_THREADS = 4
"""More than cores: a sign-in should not wait behind two large mailboxes being opened."""
BODY_THREADS = 8
DATABASE_NAME = "postex.db"
KEYRING_NAME = "keyring.db"
BODIES_NAME = "bodies"

_log = structlog.get_logger(__name__)


class Store:
    """Made by `Store.open`. Holds the data folder until `close`."""

    def __init__(self, data: Path, server_keys: ServerKeys, lock: DataFolderLock, *, make_keyring: bool) -> None:
        """For `open` alone: the folder is locked, the database migrated."""
        self.data = data
        self.server_keys = server_keys
        self.keyring = KeyRing()
        self.shred = ShredSecrets(data / KEYRING_NAME, server_keys.keyring_database, make=make_keyring)
        self.bodies = FileBodies(data / BODIES_NAME)
        self.usage = Tally()
        self.failed = asyncio.Event()
        """Set when I/O of the database failed and what the disk holds is not known: the daemon must end (R5)."""
        database = Database(data / DATABASE_NAME, server_keys.database)
        self._lock = lock
        self._listeners: dict[object, Listener] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._body_pool = ThreadPoolExecutor(BODY_THREADS, thread_name_prefix="postex-bodies")
        self._removals = Removals(self.bodies, self._body_pool.submit)
        self._readers = Readers(database, READER_THREADS)
        self._look_ups = ReadingConnection(database)
        self.choices = Watch(dependence.CHANGES)
        """Its number stays while no decision can come out otherwise."""
        self._writer = Writer(database, self.choices, self._publish, self._fail)

    @classmethod
    def create(cls, data: Path, master: MasterKey) -> None:
        """Make the folder (0700) and empty databases in it. Conflict if one is there; DataFolderLocked."""
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with DataFolderLock(data):
            keys = master.derive()
            database = Database(data / DATABASE_NAME, keys.database)
            database.create()
            _prepare(database, keys)
            FileBodies(data / BODIES_NAME)
            ShredSecrets(data / KEYRING_NAME, keys.keyring_database).close()

    @classmethod
    def open(cls, data: Path, master: MasterKey) -> Self:
        """Lock the folder, bring the schema up to date, sweep orphaned bodies.

        NotFound if nothing was created there or keyring.db is gone, DataFolderLocked, Tampered if this master key
        does not open it or it is damaged.
        """
        if not (data / DATABASE_NAME).exists():
            raise NotFound("no database in the data folder")
        lock = DataFolderLock(data)
        try:
            keys = master.derive()
            _refuse_emptied(data)
            inhabited = _prepare(Database(data / DATABASE_NAME, keys.database), keys)
            store = cls(data, keys, lock, make_keyring=not inhabited)
        except BaseException:
            lock.release()
            raise
        try:
            store.read_now(partial(_sweep, bodies=store.bodies))
        except BaseException:
            store.close()
            raise
        return store

    # --- running functions ---

    async def write(self, function: Callable[Concatenate[Session, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(session, …)` in the writer; returns once it is committed and listeners were told.

        Its own errors come back as they are; WriterUnavailable: nothing was kept. Cancelling the caller does not
        stop it.
        """
        loop = self._loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        outcome.add_done_callback(_seen)
        self._writer.submit(Job(function, args, kwargs, partial(_settle, outcome), in_loop=True))
        return await asyncio.shield(outcome)

    def write_now(self, function: Callable[Concatenate[Session, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`write` from synchronous code."""
        outcome: Future[T] = Future()
        self._writer.submit(Job(function, args, kwargs, partial(_settle, outcome), in_loop=False))
        return outcome.result()

    def post(self, function: Callable[Concatenate[Session, P], object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Queue a write that nobody waits for, from any thread; its error goes to the log."""
        self._writer.submit(Job(function, args, kwargs, _logged, in_loop=False))

    def truncate_log(self) -> bool:
        """Write the log back into the database and cut it to nothing; False if a reader is in the way: try again.

        What was deleted lies in the log, too, until then. From synchronous code.
        """
        outcome: Future[bool] = Future()
        job = Job(connections.truncate_log, (), {}, partial(_settle, outcome), in_loop=False, apart=True)
        self._writer.submit(job)
        return outcome.result()

    async def read(self, function: Callable[Concatenate[Session, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function(session, …)` in a reader; it sees all that was committed before. Tampered, its own errors."""
        return await asyncio.wrap_future(self._readers.submit(lambda session: function(session, *args, **kwargs)))

    def look_up(self, function: Callable[Concatenate[Session, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` at once, in the event loop's own thread and nowhere else: for what a few indexed rows answer.

        Measured: 20 µs where the way to a reader thread and back takes 120 and more. A reader never waits for the
        writer (WAL), so nothing holds the loop up but a page that has to come from the disk.
        """
        return self._look_ups.run(lambda session: function(session, *args, **kwargs))

    def read_now(self, function: Callable[Concatenate[Session, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """`read` from synchronous code."""
        return self._readers.submit(lambda session: function(session, *args, **kwargs)).result()

    # --- bodies ---

    async def in_body_pool(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run file work (and what goes with it, such as opening seals) beside the event loop."""
        return await asyncio.wrap_future(self._body_pool.submit(function, *args, **kwargs))

    def pin_bodies(self) -> AbstractContextManager[None]:
        """For a backup: bodies that are there stay until its end, whatever is expunged meanwhile."""
        return self._removals.pinned()

    def bodies_going(self) -> frozenset[str]:
        """Names of bodies that no row names any more and that are still there (see `removals`)."""
        return self._removals.outstanding()

    # --- changes ---

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of every committed change, in commit order, in the event loop; returns what ends it.

        A write's changes are told before its `await` returns. Listeners must not block and must not raise.
        """
        with suppress(RuntimeError):  # without a running loop, the next write brings it
            self._loop = asyncio.get_running_loop()
        token = object()
        self._listeners[token] = listener
        return lambda: _forget(self._listeners, token)

    def _publish(self, aftermath: Aftermath, jobs: list[Job]) -> None:
        """In the writer's thread: hand over what became of a batch."""
        for name in aftermath.dropped_bodies:
            self._removals.remove(name)
        awaited = [job for job in jobs if job.in_loop]
        if aftermath.changes or awaited:
            self._in_loop(partial(self._tell, aftermath.changes, awaited))
        for job in jobs:
            if not job.in_loop:
                job.settle(job)

    def _in_loop(self, callback: Callable[[], None]) -> None:
        """Call in the event loop; here, if there is none or it is closed."""
        if self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(callback)
                return
        callback()

    def _tell(self, changes: list[Change], jobs: list[Job]) -> None:
        for change in changes:
            for listener in tuple(self._listeners.values()):
                try:
                    listener(change)
                except Exception as error:  # noqa: BLE001 - one listener must not keep the news from the others
                    _log.error("listener_failed", kind=type(error).__name__)
        for job in jobs:
            job.settle(job)

    def _fail(self) -> None:
        _log.critical("database_failed")
        self._in_loop(self.failed.set)

    # --- the end ---

    def close(self) -> None:
        """Carry out what is queued, close everything, release the folder."""
        self._readers.close()
        self._look_ups.close()
        self._writer.close()
        self._body_pool.shutdown()
        self.shred.close()
        self._lock.release()

    async def aclose(self) -> None:
        """`close` without blocking the event loop: futures of queued writes resolve meanwhile."""
        await asyncio.to_thread(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _refuse_emptied(data: Path) -> None:
    """Tampered if the database is empty though more than its making, cut off, has left: it would be made anew, and
    every body swept as an orphan.
    """
    lived_in = (data / KEYRING_NAME).exists() or any((data / BODIES_NAME).glob("*/*"))
    if lived_in and not (data / DATABASE_NAME).stat().st_size:
        raise Tampered("the database was emptied")


def _refuse_cut(database: Database) -> None:
    """Tampered if the file is shorter than its pages: SQLite notices no sooner than it reads the last of them. While
    there is a log, the end may stand in that alone.
    """
    log, size = write_ahead_log.log_of(database), database.path.stat().st_size
    if not size or (log.exists() and log.stat().st_size):
        return
    session = database.inspecting()
    try:
        ((pages,),) = statements.rows(session, "PRAGMA page_count")
        ((page_size,),) = statements.rows(session, "PRAGMA page_size")
    finally:
        connections.close(session)
    if size < int(pages) * int(page_size):  # SQLCipher gives its page size as text
        raise Tampered("the database was cut")


def _prepare(database: Database, keys: ServerKeys) -> bool:
    """Bring the schema to its newest revision and begin the audit chain, in one transaction.

    Returns whether there are accounts: then their shred secrets must be there too. Tampered, WriterUnavailable.
    """
    session = None
    try:
        write_ahead_log.check(database)
        _refuse_cut(database)
        session = database.writing()
        migrations.upgrade(session, lambda: audit.begin(session, keys))
        return statements.row(session, "SELECT 1 FROM account LIMIT 1") is not None
    except (connections.DriverError, connections.WrappedError) as error:
        raise connections.meaning(error) from error
    finally:
        if session is not None:
            connections.close(session)


def _sweep(session: Session, bodies: FileBodies) -> None:
    """Delete body files that no document names: a crash came between their writing and the commit."""
    named = {
        name for (name,) in statements.rows(session, "SELECT body_name FROM document WHERE body_name IS NOT NULL")
    }
    orphans = [name for name in bodies.names() if name not in named]
    for name in orphans:
        bodies.delete(name)
    if orphans:
        _log.info("orphans_swept", bodies=len(orphans))


def _settle(outcome: "asyncio.Future[Any] | Future[Any]", job: Job) -> None:
    if outcome.done():
        return
    if job.error is not None:
        outcome.set_exception(job.error)
    else:
        outcome.set_result(job.result)


def _logged(job: Job) -> None:
    if job.error is not None:
        _log.warning("posted_write_failed", kind=type(job.error).__name__)


def _seen(outcome: "asyncio.Future[Any]") -> None:
    """An error that nobody waits for any more is not worth a warning of its own."""
    if not outcome.cancelled():
        outcome.exception()


def _forget(listeners: dict[object, Listener], token: object) -> None:
    listeners.pop(token, None)
