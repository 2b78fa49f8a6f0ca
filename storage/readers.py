"""Readers: a few threads, each with its own connection that cannot write.

Every function sees one snapshot of the database, from its first statement to its last. A page whose MAC does not
match ends in `Tampered`, and the connection that met it is replaced.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from sqlmodel import Session

from storage import connections, statements
from storage.connections import Database
from storage.errors import WriterUnavailable

T = TypeVar("T")


class Readers:
    """Runs reading functions in `threads` threads."""

    def __init__(self, database: Database, threads: int) -> None:
        self._database = database
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="postex-reader")
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: set[Session] = set()

    def submit(self, function: Callable[[Session], T]) -> "Future[T]":
        """Run `function` with a session; Tampered, WriterUnavailable (locked, unreadable) or its own errors."""
        try:
            return self._pool.submit(self._run, function)
        except RuntimeError:
            raise WriterUnavailable("closed") from None

    def close(self) -> None:
        """Wait for what runs, then close all connections."""
        self._pool.shutdown()
        with self._lock:
            for session in self._open:
                connections.close(session)
            self._open.clear()

    def _run(self, function: Callable[[Session], T]) -> T:
        try:
            session = self._session()
            statements.run(session, "BEGIN")
            try:
                return function(session)
            finally:
                connections.roll_back(session)
        except Exception as error:
            if not connections.breaks_transaction(error):
                raise
            self._replace()
            raise connections.meaning(error) from error

    def _session(self) -> Session:
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._database.reading()
            with self._lock:
                self._open.add(session)
        return session

    def _replace(self) -> None:
        session: Session | None = getattr(self._local, "session", None)
        if session is not None:
            self._local.session = None
            with self._lock:
                self._open.discard(session)
            with suppress(connections.DriverError):
                connections.close(session)
