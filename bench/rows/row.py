"""What a row of the table is: what it counts, which goal of quality.md holds, and how big a run is.

A measurement is a function of a server and a scale that yields (row key, samples). The runner gives it every server
that it names, each fresh in a folder of its own, and keeps the medians.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.servers.base import Server

OURS = "Postex"
ACCEPT = "Postfix accept"
DELIVERED = "Postfix → Dovecot"
DOVECOT = "Dovecot"
SEALED = "Dovecot mail_crypt"
SDBOX = "Dovecot sdbox"

Samples = list[float]
Figures = dict[str, float]
"""Medians by name of server."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured; `QUICK` shows that all rows work, `FULL` is what docs/performance.md records."""

    arrivals: tuple[tuple[int, int], ...]
    """(bytes of a message, messages on each of the 32 connections)."""
    rounds: int
    messages: int
    big_messages: int
    recipients: int
    sessions: int
    sign_ins: int
    accounts: int
    events: int


FULL = Scale(((5_000, 40), (100_000, 25), (1_000_000, 4)), 5, 10_000, 500, 500, 500, 400, 100_000, 1_000_000)
QUICK = Scale(((5_000, 6), (100_000, 4), (1_000_000, 1)), 3, 1_000, 50, 50, 50, 50, 1_000, 10_000)


@dataclass(frozen=True, slots=True)
class Goal:
    """`text` as quality.md has it; `met` decides from the medians, None where a peer is missing."""

    text: str
    met: Callable[[Figures], bool | None]


def at_least(factor: float, peer: str) -> Goal:
    return Goal(f"≥ {factor:g} × {peer}", lambda figures: _compare(figures, peer, lambda a, b: a >= factor * b))


def at_most(factor: float, peer: str) -> Goal:
    return Goal(f"≤ {factor:g} × {peer}", lambda figures: _compare(figures, peer, lambda a, b: a <= factor * b))


def below(limit: float, text: str) -> Goal:
    return Goal(text, lambda figures: None if OURS not in figures else figures[OURS] <= limit)


def above(limit: float, text: str) -> Goal:
    return Goal(text, lambda figures: None if OURS not in figures else figures[OURS] >= limit)


def both(one: Goal, other: Goal) -> Goal:
    def met(figures: Figures) -> bool | None:
        answers = one.met(figures), other.met(figures)
        return False if False in answers else None if None in answers else True

    return Goal(f"{one.text}, {other.text}", met)


def _compare(figures: Figures, peer: str, holds: Callable[[float, float], bool]) -> bool | None:
    if OURS not in figures or peer not in figures:
        return None
    return holds(figures[OURS], figures[peer])


@dataclass(frozen=True, slots=True)
class Row:
    key: str
    title: str
    unit: str
    goal: Goal | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """`measure` starts nothing: it is handed an opened server with `recipients(scale)` recipients."""

    rows: tuple[Row, ...]
    servers: tuple[str, ...]
    recipients: Callable[[Scale], int]
    measure: Callable[[Server, Scale], Iterator[tuple[str, Samples]]]


def repeated(action: Callable[[], float], rounds: int, budget: float = 20) -> Samples:
    """Up to `rounds` samples, fewer when `budget` seconds are used up; always one."""
    deadline = time.monotonic() + budget
    samples = [action()]
    while len(samples) < rounds and time.monotonic() < deadline:
        samples.append(action())
    return samples


def percentile(samples: Samples, share: float) -> float:
    """Nearest-rank percentile, `share` from 0 to 1."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(samples: Samples) -> float:
    return statistics.median(samples)
