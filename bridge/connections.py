"""Who is signed in at the doors at this moment (S18, S25, S63), and the end of those who may not be any longer.

Contract. One registry for all doors of a process. A door enters each session right after its sign-in, without letting
the event loop turn in between, and lets it leave when its connection is gone. `changed` hears the store: a session
whose device or account lost its right is told to go (`Session.expel`), and one whose device expires, at that moment.
As changes are told in the loop after their commit, and a sign-in reads what is committed, none slips through between
the two. Nothing here outlives the process; of an address the /24 or /48 is known.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count
from typing import NamedTuple, Protocol

from bridge.clock import Clock
from storage.access import networks
from storage.database import Store
from storage.records import AccountBarred, Change, Device, DeviceRevoked

EXPEL_SECONDS = 0.5
"""What a client gets to hear the farewell and close; then the connection is cut."""


class Ending(Enum):
    """Why a session has to go."""

    REVOKED = auto()
    """The device was revoked, or may not be used from there any more."""
    EXPIRED = auto()
    BARRED = auto()
    """The account may not sign in: suspended, closed, erased."""
    ENDED = auto()
    """Someone with the right to ended this one session."""


class Session(Protocol):
    """What a door offers."""

    def expel(self, ending: Ending) -> None:
        """Say why and be gone within a second; what is being committed is committed."""


class Tls(NamedTuple):
    """How the line is protected."""

    version: str
    """Such as TLSv1.3."""
    cipher: str


@dataclass(slots=True, eq=False)
class Connection:
    """A session at one of the doors."""

    number: int
    door: str
    account_id: int
    device_id: int
    since: int
    network: str | None
    """/24 or /48."""
    tls: Tls | None
    """None: in the clear, on loopback."""
    session: Session = field(repr=False)
    client: str | None = None
    """What the program calls itself, where the account lets that be kept."""


class Event(NamedTuple):
    """A session came or went."""

    opened: bool
    connection: Connection


Watcher = Callable[[Event], None]


class Connections:
    """See the module's contract. Used in the event loop only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._by_account: defaultdict[int, set[Connection]] = defaultdict(set)
        self._ends: dict[Connection, asyncio.TimerHandle] = {}
        self._watchers: dict[object, Watcher] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_account.values()))

    # --- doors ---

    def enter(self, session: Session, door: str, device: Device, ip: str, tls: Tls | None) -> Connection:
        """A session signed in with `device`."""
        now = int(self._clock())
        network = networks.prefix(ip)
        made = Connection(next(self._numbers), door, device.account_id, device.id, now, network, tls, session)
        self._by_account[device.account_id].add(made)
        if device.expires_at is not None:
            self._end_at(made, device.expires_at)
        self._tell(Event(True, made))
        return made

    def leave(self, connection: Connection) -> None:
        """Its connection is gone; nothing happens the second time."""
        found = self._by_account.get(connection.account_id, set())
        if connection not in found:
            return
        found.remove(connection)
        if not found:
            del self._by_account[connection.account_id]
        timer = self._ends.pop(connection, None)
        if timer is not None:
            timer.cancel()
        self._tell(Event(False, connection))

    # --- rights that end ---

    def changed(self, change: Change) -> None:
        """For `Store.listen`."""
        if isinstance(change, AccountBarred):
            for each in self.of_account(change.account_id):
                each.session.expel(Ending.BARRED)
        elif isinstance(change, DeviceRevoked):
            for each in self.of_account(change.account_id):
                if each.device_id == change.device_id:
                    each.session.expel(Ending.REVOKED)

    def end(self, account_id: int, number: int) -> bool:
        """End one session of an account; whether there was one."""
        found = [each for each in self.of_account(account_id) if each.number == number]
        for each in found:
            each.session.expel(Ending.ENDED)
        return bool(found)

    # --- who asks ---

    def of_account(self, account_id: int) -> list[Connection]:
        """Oldest first."""
        return sorted(self._by_account.get(account_id, ()), key=lambda each: each.number)

    def all(self) -> list[Connection]:
        """Newest first."""
        return sorted((each for found in self._by_account.values() for each in found), key=lambda each: -each.number)

    def accounts(self) -> dict[int, int]:
        """How many sessions each account has, of those that have any."""
        return {account_id: len(found) for account_id, found in self._by_account.items()}

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Tell `watcher` of each session that comes or goes; returns what ends it. It must not block or raise."""
        token = object()
        self._watchers[token] = watcher
        return lambda: self._forget(token)

    def _forget(self, token: object) -> None:
        self._watchers.pop(token, None)

    def _tell(self, event: Event) -> None:
        for watcher in tuple(self._watchers.values()):
            watcher(event)

    def _end_at(self, connection: Connection, moment: int) -> None:
        """The clock decides, not the time that passed: it may have been set meanwhile."""
        left = moment - self._clock()
        if left <= 0:
            connection.session.expel(Ending.EXPIRED)
            return
        loop = asyncio.get_running_loop()
        self._ends[connection] = loop.call_later(left, self._end_at, connection, moment)


def listening(store: Store, clock: Clock) -> Connections:
    """A registry that hears the store for as long as that is open."""
    made = Connections(clock)
    store.listen(made.changed)
    return made
