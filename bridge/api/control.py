"""What the routes of the control API share: the store, the clock, and brakes."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bridge.api.drills import Drills
from bridge.api.figures import Figures
from bridge.clock import Clock, system
from bridge.connections import Connections
from bridge.pace import Pace
from bridge.settings import Settings
from bridge.throttle import Throttle
from bridge.troubles import Troubles
from bridge.troubles import since as troubles_since
from storage.access import passwords
from storage.database import Store

LOOK_UPS, LOOK_UPS_SECONDS = 120, 600
PREVIEWS, PREVIEWS_SECONDS = 60, 600
STRETCHES_AT_ONCE = 2
"""Argon2 takes 64 MiB each; who knocks more often waits."""
TRIALS = 10
TRIALS_SECONDS = 15 * 60


class Stream(Protocol):
    """A stream of live events that somebody reads."""

    @property
    def account_id(self) -> int:
        """Whose it is."""

    def stop(self) -> None:
        """The bridge is about to end."""


@dataclass(frozen=True, slots=True)
class Control:
    """Made once per bridge, or once per command while no bridge runs."""

    store: Store
    clock: Clock
    settings: Settings
    throttle: Throttle
    data: Path
    connections: Connections = field(default_factory=lambda: Connections(system))
    """Who is signed in at the doors; nobody where no door is open."""
    ports: dict[str, int] = field(default_factory=dict)
    """Of the doors that are open, by their names in the ready line."""
    watching: "set[Stream]" = field(default_factory=set)
    """Streams of live events that are open."""
    look_ups: Pace = field(default_factory=lambda: Pace(LOOK_UPS, LOOK_UPS_SECONDS))
    """Pages of a sender's recipients."""
    previews: Pace = field(default_factory=lambda: Pace(PREVIEWS, PREVIEWS_SECONDS))
    """Of what a change would do to a whole domain: each goes through all its recipients."""
    trials: Pace = field(default_factory=lambda: Pace(TRIALS, TRIALS_SECONDS))
    """Sign-ins to mailboxes elsewhere: nobody guesses passwords or looks for servers through the bridge."""
    looked_at: Pace = field(default_factory=lambda: Pace(TRIALS, TRIALS_SECONDS))
    """Notice URLs that are looked at or tried: each is a process, and a look for a server."""
    mailed: Pace = field(default_factory=lambda: Pace(TRIALS, TRIALS_SECONDS))
    """Lists that somebody has put into the own mailbox: messages of the system know no quota."""
    drills: Drills = field(default_factory=Drills)
    """The restore drill under way."""
    exporting: set[int] = field(default_factory=set)
    """Accounts whose export is being sent."""
    figures: Figures = field(default_factory=Figures)
    """What the dashboard counts."""
    troubles: Callable[[int], Troubles] = troubles_since
    """What went wrong with stored data, as `troubles.since` tells it."""
    started_at: int | None = None
    """When the bridge began to serve; None: no bridge runs, a command answers itself."""
    _stretching: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(STRETCHES_AT_ONCE))

    def now(self) -> int:
        """Epoch seconds."""
        return int(self.clock())

    async def stretch(self, password: str, parameters: str | None = None) -> passwords.Stretched:
        """`passwords.stretch`, beside the event loop."""
        async with self._stretching:
            return await asyncio.to_thread(passwords.stretch, password, parameters)
