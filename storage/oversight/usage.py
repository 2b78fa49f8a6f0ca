"""How much an account does, by class of act and day (S13): numbers for its owner, never a document, place or time.

Contract. Doors count in memory (`Tally.note`: no write, no wait); a chore brings that into `usage_count` each minute,
so a crash loses a minute of counting and nothing else. A class that the account has switched off is dropped there,
and what was counted of it goes at once. Days are UTC.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from storage.engine import statements

DAY = 86_400


class Category(StrEnum):
    """Classes of acts."""

    SIGN_IN = "sign-in"
    LIST = "list"
    """A folder was looked at."""
    OPEN = "open"
    """Documents read."""
    DOWNLOAD = "download"
    """Documents fetched by a program, whether anybody read them or not."""
    PREFERENCE = "preference"
    """A change of how documents come."""


Counted = Mapping[tuple[int, Category], int]
"""Times by account and class."""


@dataclass(frozen=True, slots=True)
class UsageDay:
    day: int
    """Its first second in UTC."""
    category: Category
    times: int


class Tally:
    """What was counted since the last `take`. Used in the event loop."""

    __slots__ = ("_times",)

    def __init__(self) -> None:
        self._times: Counter[tuple[int, Category]] = Counter()

    def note(self, account_id: int, category: Category, times: int = 1) -> None:
        self._times[account_id, category] += times

    def take(self) -> Counted:
        """All of it; begins anew."""
        taken, self._times = self._times, Counter()
        return taken

    def give_back(self, counted: Counted) -> None:
        """What could not be kept."""
        self._times.update(counted)


def keep(session: Session, counted: Counted, now: int) -> int:
    """Add to today's numbers what is not switched off; how many numbers. An account that is gone counts no more."""
    day = now - now % DAY
    return statements.run_many(
        session,
        "INSERT INTO usage_count (account_id, day, category, times) SELECT id, ?, ?, ? FROM account"
        " WHERE id = ? AND state <> 'erased' AND NOT EXISTS (SELECT 1 FROM usage_switch"
        " WHERE usage_switch.account_id = account.id AND category = ?)"
        " ON CONFLICT (account_id, day, category) DO UPDATE SET times = times + excluded.times",
        [(day, category, times, account_id, category) for (account_id, category), times in counted.items()],
    )


def add(session: Session, account_id: int, category: Category, now: int) -> None:
    """`keep` of one act, for what is a write of its own anyway."""
    keep(session, {(account_id, category): 1}, now)


def of_account(session: Session, account_id: int) -> list[UsageDay]:
    """Newest day first."""
    found = statements.rows(
        session,
        "SELECT day, category, times FROM usage_count WHERE account_id = ? ORDER BY day DESC, category",
        (account_id,),
    )
    return [UsageDay(day, Category(category), times) for day, category, times in found]


def switched_off(session: Session, account_id: int) -> frozenset[Category]:
    found = statements.rows(session, "SELECT category FROM usage_switch WHERE account_id = ?", (account_id,))
    return frozenset(Category(category) for (category,) in found)


def switch(session: Session, account_id: int, category: Category, *, counted: bool) -> None:
    """Count a class of acts or not; what was counted of one that is switched off is deleted."""
    values = (account_id, category)
    if counted:
        statements.run(session, "DELETE FROM usage_switch WHERE account_id = ? AND category = ?", values)
        return
    statements.run(
        session, "INSERT INTO usage_switch (account_id, category) VALUES (?, ?) ON CONFLICT DO NOTHING", values
    )
    statements.run(session, "DELETE FROM usage_count WHERE account_id = ? AND category = ?", values)


def purge(session: Session, before: int) -> int:
    """Days before this one go; how many numbers."""
    return statements.run(session, "DELETE FROM usage_count WHERE day < ?", (before,))
