"""Figures of the dashboard that would take long to count at each look, kept so that a look is cheap.

Contract. Arrivals are counted once and from then on carried forward: a look counts what came since the last one. What
can only be counted whole (accounts by state, bytes of bodies) is at most `KEPT` seconds old.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from storage.database import Store
from storage.deliveries import arrival_counts
from storage.deliveries.arrival_counts import MINUTE, Counted
from storage.deliveries.terms import Channel

HOUR = 3600
MINUTES, HOURS = 60, 24
KEPT = 30
MOST_KEPT = 64
"""Of what is counted whole: one figure for each set of domains that somebody looks at."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Documents by time, oldest first; and those of all the hours by channel."""

    minutes: list[int]
    hours: list[int]
    channels: dict[Channel, int]


class Figures:
    """See the module's contract. Used in the event loop only."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._minutes: Counter[tuple[int, int]] = Counter()
        self._hours: Counter[tuple[int, int, Channel]] = Counter()
        self._counting = asyncio.Lock()
        self._kept: dict[tuple[str, frozenset[int] | None], tuple[int, Any]] = {}

    async def arrived(self, store: Store, domains: frozenset[int] | None, now: int) -> Arrived:
        """In these domains (None: all) until now."""
        minute, hour = now // MINUTE, now // HOUR
        async with self._counting:
            since = (hour - HOURS + 1) * HOUR
            self._last, counted = await store.read(arrival_counts.after, self._last, since)
            self._add(counted)
            self._forget(minute - MINUTES, hour - HOURS)
        minutes, hours, channels = self._sums(domains)
        return Arrived(
            [minutes[each] for each in range(minute - MINUTES + 1, minute + 1)],
            [hours[each] for each in range(hour - HOURS + 1, hour + 1)],
            dict(channels),
        )

    async def kept(
        self, name: str, domains: frozenset[int] | None, now: int, count: Callable[[], Awaitable[Any]]
    ) -> Any:
        """What `count` gives, or gave within the last `KEPT` seconds."""
        at, value = self._kept.get((name, domains), (None, None))
        if at is None or not 0 <= now - at < KEPT:
            value = await count()
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[name, domains] = now, value
        return value

    def _add(self, counted: list[Counted]) -> None:
        for each in counted:
            self._minutes[each.minute, each.domain_id] += each.count
            self._hours[each.minute * MINUTE // HOUR, each.domain_id, each.channel] += each.count

    def _forget(self, minute: int, hour: int) -> None:
        """What is as old as that, or older."""
        self._minutes = Counter({key: count for key, count in self._minutes.items() if key[0] > minute})
        self._hours = Counter({key: count for key, count in self._hours.items() if key[0] > hour})

    def _sums(self, domains: frozenset[int] | None) -> tuple[Counter[int], Counter[int], Counter[Channel]]:
        """By minute, by hour, by channel."""
        minutes: Counter[int] = Counter()
        hours: Counter[int] = Counter()
        channels: Counter[Channel] = Counter(dict.fromkeys(Channel, 0))
        for (minute, domain_id), count in self._minutes.items():
            if domains is None or domain_id in domains:
                minutes[minute] += count
        for (hour, domain_id, channel), count in self._hours.items():
            if domains is None or domain_id in domains:
                hours[hour] += count
                channels[channel] += count
        return minutes, hours, channels
