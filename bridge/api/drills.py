"""The restore drill under way: one at a time, watched from another request."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from bridge.api.problems import Problem
from bridge.i18n import N_
from storage.errors import BackupReason, BackupRefused


@dataclass(slots=True)
class Running:
    """How far it is: body files copied, of how many."""

    backup: str | None
    """As it was asked for: its id, or None for the newest."""
    started_at: int
    stopped: Event
    done: int = 0
    total: int = 0

    def watch(self, done: int, total: int) -> None:
        """Called from the drill's thread. BackupRefused STOPPED if nobody waits for it any more."""
        self.done, self.total = done, total
        if self.stopped.is_set():
            raise BackupRefused(BackupReason.STOPPED, self.backup or "")


class Drills:
    """Of one bridge."""

    def __init__(self) -> None:
        self.running: Running | None = None

    @contextmanager
    def begun(self, backup: str | None, now: int) -> Iterator[Running]:
        """Hold the place of the one drill. Problem 409 if there is one."""
        if self.running is not None:
            raise Problem("drill-running", 409, N_("A restore drill is under way. Wait for its end."))
        self.running = Running(backup, now, Event())
        try:
            yield self.running
        finally:
            self.running.stopped.set()  # when the bridge ends, its thread must not go on for hours
            self.running = None
