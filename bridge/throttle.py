"""Guessing made slow: limits on failed sign-ins per network and a tarpit (security.md, Brute force).

Contract. A door (SMTP, IMAP) asks `check(ip)` before it looks at a secret; 0 means go on, anything else is the
number of seconds after which attempts from that address are heard again: answer "try later" and leave the secret
alone. After a refused secret it calls `failed(ip, account, digest(secret))` and awaits `tarpit(delay)` with the
result before it answers; after an accepted one it calls `succeeded(ip)`. Only failures count. A refusal is always
temporary.

- The host itself (IPv4 /32, IPv6 /64) may fail 10 times a minute and 50 times a day, the two nets around it
  (/26 and /21, /48 and /32) 3 and 9 times as often. A window opens with its first failure.
- Delays are 2, 4, 8, 15 seconds for the 1st, 2nd, 3rd and each further failure of a host until a sign-in succeeds
  or a day passes. At most 200 connections are held at once: the next one is answered without delay, the limits
  hold anyway.
- The same wrong secret for the same account from the same host counts once a day: a mail client that kept an old
  password locks nobody out, and repeating a guess teaches an attacker nothing.
- Trusted networks are neither counted nor delayed.
- An account's own secrets, which the control API asks for, have limits of their own whoever asks (`guess`): 12 wrong
  passwords in 2 minutes, 5 wrong codes in 15. A guess is counted before it is looked at, so that a thousand at once
  are no way round; one that turns out right is taken back. The wrong one again costs nothing more: a password for a
  day, a code while the same one is shown. Never is an account locked: after its window everything is heard again.
- Memory is bounded: the least recently failing entries are forgotten first, what was counted for accounts that there
  are never.
"""

import asyncio
import hashlib
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from bridge.clock import Clock

Network = IPv4Network | IPv6Network
Net = tuple[int, int, int]
"""IP version, prefix length, prefix as an integer."""

MINUTE = 60.0
DAY = 86_400.0
LIMITS = ((MINUTE, 10), (DAY, 50))
"""(window in seconds, failures of one host that it allows)."""
WIDTHS = {4: (32, 26, 21), 6: (64, 48, 32)}
FACTORS = (1, 3, 9)
DELAYS = (2.0, 4.0, 8.0, 15.0)
MOST_HELD = 200
MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """How many wrong secrets of one kind an account may be given."""

    name: str
    window: float
    """Seconds, from the first wrong one."""
    count: int
    same_for: float
    """Seconds for which the same wrong secret stays the same guess."""


PASSWORD = Limit("password", 120.0, 12, DAY)
CODE = Limit("code", 900.0, 5, 30.0)
"""A code that is wrong now may be right later in the day: to try it again then is another guess."""
UNKNOWN = IPv4Address(0)
"""Stands for a peer without an IP address."""


@dataclass(slots=True)
class _Window:
    opened: float
    count: int = 0


@dataclass(slots=True)
class _Record:
    """What one network did: a window per entry of `LIMITS`, and failures since the last success."""

    windows: list[_Window] = field(default_factory=list)
    streak: int = 0


class Guess:
    """One secret that somebody gave for an account, before anybody knows whether it is right."""

    def __init__(self, wait: float, take_back: Callable[[], None] | None = None) -> None:
        self.wait = wait
        """Seconds until it is heard; 0: it is heard now."""
        self._take_back = take_back

    def was_right(self) -> None:
        """It does not count."""
        if self._take_back is not None:
            self._take_back()
            self._take_back = None


class Throttle:
    """Shared by all doors of one process; used from its event loop only."""

    def __init__(
        self,
        clock: Clock,
        trusted: Iterable[Network] = (),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        rng: Callable[[int], bytes] = os.urandom,
        most_remembered: int = MOST_REMEMBERED,
    ) -> None:
        self._clock = clock
        self._trusted = tuple(trusted)
        self._sleep = sleep
        self._digest_key = rng(32)
        self._most = most_remembered
        self._records: OrderedDict[Net, _Record] = OrderedDict()
        self._seen: OrderedDict[Hashable, float] = OrderedDict()
        self._accounts: dict[tuple[str, str], _Window] = {}
        """Of accounts that there are: no more than those."""
        self._strangers: OrderedDict[tuple[str, str], _Window] = OrderedDict()
        self._held = 0

    def digest(self, secret: bytes) -> bytes:
        """16 bytes that stand for a wrong secret; of use in this process only."""
        return hashlib.blake2b(secret, key=self._digest_key, digest_size=16).digest()

    def check(self, ip: str) -> float:
        """Seconds until an attempt from `ip` is heard; 0 when it is heard now."""
        address = _parsed(ip)
        if not self._records or self._is_trusted(address):
            return 0.0
        now = self._clock()
        return max(self._wait(net, factor, now) for net, factor in zip(_nets(address), FACTORS, strict=True))

    def failed(self, ip: str, account: str, secret_digest: bytes) -> float:
        """Count a refused secret; returns the seconds to hold the answer back (see `tarpit`).

        `account` is the user name as given, known or not.
        """
        address = _parsed(ip)
        if self._is_trusted(address):
            return 0.0
        now = self._clock()
        nets = _nets(address)
        if self._is_new((nets[0], account.lower(), secret_digest), now):
            for net in nets:
                self._count(net, now)
        streak = self._records[nets[0]].streak if nets[0] in self._records else 1
        return DELAYS[min(max(streak, 1), len(DELAYS)) - 1]

    def succeeded(self, ip: str) -> None:
        """The host may start again at the shortest delay; its counted failures stay."""
        record = self._records.get(_nets(_parsed(ip))[0])
        if record is not None:
            record.streak = 0

    def guess(self, account: str, limit: Limit, secret: bytes, *, is_known: bool = True) -> Guess:
        """Count a secret given for an account: any name that stays the same for it, or one that is nobody's. However
        many of those are tried, what was counted for an account that there is stays.
        """
        now, key = self._clock(), (limit.name, account)
        window = (self._accounts if is_known else self._strangers).setdefault(key, _Window(now))
        if not is_known:
            self._strangers.move_to_end(key)
            if len(self._strangers) > self._most:
                self._strangers.popitem(last=False)
        if not 0 <= now - window.opened < limit.window:  # over, or the clock was set back
            window.opened, window.count = now, 0
        if window.count >= limit.count:
            return Guess(window.opened + limit.window - now)
        guess = (*key, is_known, self.digest(secret), int(now // limit.same_for) if limit.same_for < DAY else 0)
        if not self._is_new(guess, now):
            return Guess(0.0)
        window.count += 1
        return Guess(0.0, lambda: self._forget(window, guess))

    async def tarpit(self, delay: float) -> None:
        """Hold the caller for `delay` seconds, unless 200 are held already."""
        if delay <= 0 or self._held >= MOST_HELD:
            return
        self._held += 1
        try:
            await self._sleep(delay)
        finally:
            self._held -= 1

    def _is_trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address.version == net.version and address in net for net in self._trusted)

    def _wait(self, net: Net, factor: int, now: float) -> float:
        record = self._records.get(net)
        if record is None:
            return 0.0
        waits = (
            window.opened + length - now
            for window, (length, limit) in zip(record.windows, LIMITS, strict=True)
            if window.count >= limit * factor and 0 <= now - window.opened < length
        )
        return max(waits, default=0.0)

    def _is_new(self, guess: Hashable, now: float) -> bool:
        """Whether this very guess was not made within a day; remembers it."""
        first_seen = self._seen.get(guess)
        if first_seen is not None and 0 <= now - first_seen < DAY:
            return False
        self._seen[guess] = now
        self._seen.move_to_end(guess)
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return True

    def _forget(self, window: _Window, guess: Hashable) -> None:
        window.count = max(window.count - 1, 0)
        self._seen.pop(guess, None)

    def _count(self, net: Net, now: float) -> None:
        record = self._records.setdefault(net, _Record([_Window(now) for _ in LIMITS]))
        self._records.move_to_end(net)
        for window, (length, _) in zip(record.windows, LIMITS, strict=True):
            if not 0 <= now - window.opened < length:  # over, or the clock was set back: neither may lock for long
                window.opened, window.count = now, 0
                if length == DAY:
                    record.streak = 0
            window.count += 1
        record.streak += 1
        if len(self._records) > self._most:
            self._records.popitem(last=False)


def _parsed(ip: str) -> IPv4Address | IPv6Address:
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return UNKNOWN
    return getattr(address, "ipv4_mapped", None) or address


def _nets(address: IPv4Address | IPv6Address) -> tuple[Net, ...]:
    """The host's net and the two around it, narrowest first."""
    number, bits = int(address), address.max_prefixlen
    return tuple((address.version, width, number >> (bits - width)) for width in WIDTHS[address.version])
