"""Which events of the audit log somebody may see and wants to, found without a look at the whole of it.

Contract. `newest` looks at no more than `WINDOW` events of one source at a time: where filters match little, a page
may be short, or empty, and still have a position to go on after.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from storage.engine import statements
from storage.oversight import looks

# ruff: noqa: S608 - every part of these statements stands in this file

WINDOW = 50_000
_EARLIEST, _LATEST = -(2**63), 2**63 - 1
COLUMNS = "e.position, e.at, e.kind, e.actor, e.subject, e.detail"


class Sight(StrEnum):
    """From which role's place the log is read."""

    ALL = "all"
    AUDITOR = "auditor"
    OWNER = "owner"
    DOMAIN = "domain"
    REDACTED = "redacted"
    SELF = "self"


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Who reads, and as what."""

    sight: Sight
    account_id: int | None
    """None: the operator."""
    domains: frozenset[int] | None = frozenset()
    """For DOMAIN and REDACTED; None: every domain."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters; None: any."""

    kinds: tuple[str, ...] = ()
    """Whole kinds, or what stands before their first dot."""
    account_id: int | None = None
    """By or about this account. The caller sees to it that it is in reach."""
    domain_id: int | None = None
    """As above."""
    since: int | None = None
    until: int | None = None
    """Before this time."""
    actor: str | None = None
    """Done by this party, such as `account:7` or `operator`. The caller sees to it that it is in reach."""
    subject: str | None = None
    """Done to it, likewise."""

    @property
    def involved(self) -> int | None:
        """An account that every event has to do with."""
        named = (party.partition(":") for party in (self.actor, self.subject) if party is not None)
        return next((int(number) for noun, _, number in named if noun == "account"), self.account_id)


@dataclass(frozen=True, slots=True)
class Source:
    """An index of positions, or the whole log."""

    table: str = ""
    column: str = ""
    id: int | str = 0

    def window(self, before: int, size: int) -> tuple[str, tuple[int | str, ...]]:
        """SQL for the `size` newest positions below `before`."""
        if not self.table:
            return "SELECT position FROM audit_event WHERE position < ? AND position >= ?", (before, before - size)
        return (
            f"SELECT position FROM {self.table} WHERE {self.column} = ? AND position < ?"
            " ORDER BY position DESC LIMIT ?",
            (self.id, before, size),
        )


def newest(
    session: Session, onlooker: Onlooker, wanted: Wanted, now: int, after: int | None, limit: int
) -> tuple[list[statements.Row], int | None]:
    """Rows of `COLUMNS` that the onlooker may see, newest first, and the position to go on after: None at the end."""
    first, behind = _bounds(session, wanted)
    before = behind if after is None else min(after, behind)
    where, values = _conditions(onlooker, wanted, now)
    found: dict[int, statements.Row] = {}
    low = 0
    for source in _sources(session, onlooker, wanted):
        rows, unseen_below = _newest(session, source, before, where, values, limit)
        found |= {row[0]: row for row in rows}
        low = max(low, unseen_below)
    # Below `low` one source was not looked at: what others gave from there comes again with the next page.
    seen = [found[position] for position in sorted(found, reverse=True) if position >= low]
    rest = seen[limit - 1][0] if len(seen) > limit else low
    return seen[:limit], rest if rest > first else None


def _newest(
    session: Session, source: Source, before: int, where: str, values: Sequence[statements.Value], limit: int
) -> tuple[list[statements.Row], int]:
    """More than `limit` events of a source if there are as many, and the position below which none was looked at.

    Mostly the newest few do; where filters match little, more and more are looked at.
    """
    size = min(WINDOW, 4 * limit)
    while True:
        window, bounds = source.window(before, size)
        rows = statements.rows(
            session,
            f"SELECT {COLUMNS} FROM ({window}) w JOIN audit_event e ON e.position = w.position"
            f" WHERE {where} ORDER BY e.position DESC LIMIT ?",
            (*bounds, *values, limit + 1),
        )
        if len(rows) > limit:
            return rows, 0
        seen = statements.row(session, f"SELECT count(*), min(position) FROM ({window}) w", bounds)
        assert seen is not None
        unseen_below = int(seen[1]) if seen[0] == size else 0
        if not unseen_below or size == WINDOW:
            return rows, unseen_below
        size = min(WINDOW, 16 * size)


def _bounds(session: Session, wanted: Wanted) -> tuple[int, int]:
    """The lowest position that can match, and one above the highest.

    A clock that was set back makes no difference: where times go down, all within the bounds is looked at.
    """
    if wanted.since is None and wanted.until is None:
        found = statements.row(session, "SELECT 0, max(position) FROM audit_event")
    else:
        # The signs keep SQLite from walking along the events themselves instead of the index of times.
        times = (
            _EARLIEST if wanted.since is None else wanted.since,
            _LATEST if wanted.until is None else wanted.until,
        )
        between = "SELECT min(+position), max(+position) FROM audit_event WHERE at >= ? AND at < ?"
        found = statements.row(session, between, times)
    first, last = found or (None, None)
    return first or 0, 1 + (last or 0)


def _sources(session: Session, onlooker: Onlooker, wanted: Wanted) -> Iterable[Source]:
    """The narrowest that hold all that is wanted."""
    if onlooker.sight is Sight.SELF:
        return [Source("audit_involved", "account_id", onlooker.account_id or 0)]
    if wanted.involved is not None:
        return [Source("audit_involved", "account_id", wanted.involved)]
    if wanted.domain_id is not None:
        return [Source("audit_domain", "domain_id", wanted.domain_id)]
    if onlooker.sight in (Sight.DOMAIN, Sight.REDACTED):
        return [Source("audit_domain", "domain_id", domain) for domain in sorted(_domains(session, onlooker))]
    if wanted.kinds:
        return [Source("audit_event", "kind", kind) for kind in _kinds(session, wanted)]
    return [Source()]


def _kinds(session: Session, wanted: Wanted) -> list[str]:
    """Those in the log that are wanted: one step of the index for each kind that there is."""
    found = statements.rows(
        session,
        "WITH RECURSIVE each(kind) AS (SELECT min(kind) FROM audit_event UNION ALL"
        " SELECT (SELECT min(e.kind) FROM audit_event e WHERE e.kind > each.kind) FROM each"
        " WHERE each.kind IS NOT NULL) SELECT kind FROM each WHERE kind IS NOT NULL",
    )
    return [kind for (kind,) in found if kind in wanted.kinds or kind.partition(".")[0] in wanted.kinds]


def _domains(session: Session, onlooker: Onlooker) -> frozenset[int]:
    if onlooker.domains is not None:
        return onlooker.domains
    return frozenset(number for (number,) in statements.rows(session, "SELECT id FROM domain"))


def _conditions(onlooker: Onlooker, wanted: Wanted, now: int) -> tuple[str, list[statements.Value]]:
    """What an event `e` must be, beside coming from a source."""
    parts, values = ["1 = 1"], list[statements.Value]()

    def add(part: str, *bound: statements.Value) -> None:
        parts.append(part)
        values.extend(bound)

    if onlooker.sight is Sight.OWNER:
        add("substr(e.subject, 1, 8) <> 'account:' AND substr(e.kind, 1, 9) <> 'document.'")
    if onlooker.sight in (Sight.DOMAIN, Sight.REDACTED) and onlooker.domains is not None:
        marks = ", ".join("?" * len(onlooker.domains))
        inside = f"SELECT 1 FROM audit_domain x WHERE x.position = e.position AND x.domain_id IN ({marks})"
        add(f"EXISTS ({inside})", *onlooker.domains)
    if wanted.domain_id is not None:
        add(
            "EXISTS (SELECT 1 FROM audit_domain x WHERE x.position = e.position AND x.domain_id = ?)",
            wanted.domain_id,
        )
    if wanted.kinds:
        either = " OR ".join(["e.kind = ? OR substr(e.kind, 1, ?) = ?"] * len(wanted.kinds))
        add(f"({either})", *(bound for kind in wanted.kinds for bound in (kind, len(kind) + 1, f"{kind}.")))
    for column, party in (("actor", wanted.actor), ("subject", wanted.subject)):
        if party is not None:
            add(f"e.{column} = ?", party)
    if wanted.account_id is not None and wanted.involved != wanted.account_id:
        add("? IN (e.actor, e.subject)", f"account:{wanted.account_id}")
    if wanted.since is not None:
        add("e.at >= ?", wanted.since)
    if wanted.until is not None:
        add("e.at < ?", wanted.until)
    if onlooker.account_id is not None and onlooker.sight is not Sight.AUDITOR:
        me = onlooker.account_id
        add(f"NOT (e.subject = ? AND {looks.barred('e', '?', '?')})", f"account:{me}", me, now)
    return " AND ".join(parts), values
