"""Deleting body files that no row names any longer: at once, or once no backup copies them any more.

A backup reads bodies that its snapshot of the database names. A document expunged meanwhile is gone for its reader,
and its body follows when the backup is done. A crash in between leaves orphans, which the next start sweeps.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock

import structlog

from storage.engine.bodies import Bodies
from storage.errors import StorageError

_log = structlog.get_logger(__name__)


class Removals:
    """Safe to call from several threads. `submit` runs the deletion of one body beside the writer."""

    def __init__(self, bodies: Bodies, submit: Callable[[Callable[[str], None], str], object]) -> None:
        self._bodies = bodies
        self._submit = submit
        self._lock = Lock()
        self._pins = 0
        self._waiting: list[str] = []
        self._outstanding: set[str] = set()

    def remove(self, name: str) -> None:
        """Delete it, now or when the last pin is taken out."""
        with self._lock:
            self._outstanding.add(name)
            if self._pins:
                self._waiting.append(name)
                return
        self._submit(self._delete, name)

    def outstanding(self) -> frozenset[str]:
        """Files that are still there though no row names them: on their way out, kept for a backup, or stuck."""
        with self._lock:
            return frozenset(self._outstanding)

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """While it is entered, every body that a row named at the beginning stays where it is."""
        with self._lock:
            self._pins += 1
        try:
            yield
        finally:
            with suppress(RuntimeError):  # the store was closed meanwhile: the next start sweeps them
                for name in self._unpinned():
                    self._submit(self._delete, name)

    def _unpinned(self) -> list[str]:
        with self._lock:
            self._pins -= 1
            if self._pins:
                return []
            waiting, self._waiting = self._waiting, []
            return waiting

    def _delete(self, name: str) -> None:
        try:
            self._bodies.delete(name)
        except StorageError as error:
            _log.warning("body_left_behind", kind=type(error).__name__)
            return
        with self._lock:
            self._outstanding.discard(name)
