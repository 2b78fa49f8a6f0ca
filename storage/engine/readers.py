"""Reading: connections that cannot write, each used by one thread.

Every function sees one snapshot of the database, from its first statement to its last. A page whose MAC does not
match ends in `Tampered`, and the connection that met it is replaced.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from sqlmodel import Session

from storage.engine import connections, statements
from storage.engine.connections import Database
from storage.errors import WriterUnavailable

T = TypeVar("T")


class ReadingConnection:
    """One connection, made when it is first needed. For one thread at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session: Session | None = None

    def run(self, function: Callable[[Session], T]) -> T:
        """Run `function` with a session; Tampered, WriterUnavailable (locked, unreadable) or its own errors."""
        try:
            if self._session is None:
                self._session = self._database.reading()
            statements.run(self._session, "BEGIN")
            try:
                return function(self._session)
            finally:
                connections.roll_back(self._session)
        except Exception as error:
            if not connections.breaks_transaction(error):
                raise
            self.close()
            raise connections.meaning(error) from error

    def close(self) -> None:
        """Give the connection up; the next `run` makes another."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(connections.DriverError):
                connections.close(session)


class Readers:
    """Runs reading functions in `threads` threads."""

    def __init__(self, database: Database, threads: int) -> None:
        self._database = database
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="postex-reader")
        self._local = threading.local()
        self._lock = threading.Lock()
        self._made: list[ReadingConnection] = []

    def submit(self, function: Callable[[Session], T]) -> "Future[T]":
        """`ReadingConnection.run` in one of the threads."""
        try:
            return self._pool.submit(self._run, function)
        except RuntimeError:
            raise WriterUnavailable("closed") from None

    def close(self) -> None:
        """Wait for what runs, then close all connections."""
        self._pool.shutdown()
        for connection in self._made:
            connection.close()

    def _run(self, function: Callable[[Session], T]) -> T:
        connection: ReadingConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = ReadingConnection(self._database)
            with self._lock:
                self._made.append(connection)
        return connection.run(function)
