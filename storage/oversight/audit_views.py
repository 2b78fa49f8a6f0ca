"""The audit log as each role may read it (security.md, roles): pages, newest first.

    sight      events                                      people shown as         detail
    all        all (the operator of the machine)           address                 all
    auditor    all                                         pseudonym               without what names people
    owner      of the bridge: about no account or document their role alone        without what names people
    domain     of the domains                              address; others: role   without what names people
    redacted   of the domains                              not at all              none
    self       by or about oneself                         own; role of others     without what names people

Steps of a break-glass access stay hidden from the account that they concern while a legal bar on telling runs; not
from an auditor, in whose list the gap would tell of them.

Contract. `page` looks at no more than `WINDOW` events of one source at a time: where filters match little, a page may
be short, or empty, and still have a position to go on after.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Tampered
from storage.keys.master import ServerKeys
from storage.oversight import looks
from storage.oversight.pseudonyms import pseudonym

# ruff: noqa: S608 - every part of these statements stands in this file

WINDOW = 50_000
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_COLUMNS = "e.position, e.at, e.kind, e.actor, e.subject, e.detail"
_PERSON_KEYS = frozenset({"account", "by", "to", "holder", "viewer", "approver"})
"""Members of a detail that hold the id of an account."""
_PEOPLE_KEYS = frozenset({"accounts", "holders", "custodians"})
"""Members that hold a list of them, or their number."""
_WORD_KEYS = frozenset(
    {"role", "state", "scopes", "mode", "kind", "what", "field", "fields", "origin", "channel", "before", "of"}
)
"""Members that hold words of ours: no other text leaves the log."""


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

    kind: str | None = None
    """A whole kind, or what stands before its first dot."""
    account_id: int | None = None
    """By or about this account. The caller sees to it that it is in reach."""
    domain_id: int | None = None
    """As above."""
    since: int | None = None
    until: int | None = None
    """Before this time."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who did it, or what it was done to, as far as the reader may know."""

    noun: str
    """`account`, `domain`, `document`, `operator`, `system`, `outside`, …"""
    id: str | None = None
    """Public id, or pseudonym."""
    name: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    position: int
    at: int
    kind: str
    actor: Party
    subject: Party
    detail: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Source:
    """An index of positions, or the whole log."""

    table: str = ""
    column: str = ""
    id: int = 0

    def window(self, before: int, size: int) -> tuple[str, tuple[int, ...]]:
        """SQL for the `size` newest positions below `before`."""
        if not self.table:
            return "SELECT position FROM audit_event WHERE position < ? AND position >= ?", (before, before - size)
        return (
            f"SELECT position FROM {self.table} WHERE {self.column} = ? AND position < ?"
            " ORDER BY position DESC LIMIT ?",
            (self.id, before, size),
        )


def page(
    session: Session,
    keys: ServerKeys,
    onlooker: Onlooker,
    wanted: Wanted,
    now: int,
    after: int | None = None,
    limit: int = 50,
) -> tuple[list[Entry], int | None]:
    """Events that the onlooker may see, newest first, and the position to go on after: None at the end."""
    before = _behind_the_last(session) if after is None else after
    where, values = _conditions(onlooker, wanted, now)
    found: dict[int, statements.Row] = {}
    low = 0
    for source in _sources(session, onlooker, wanted):
        rows, unseen_below = _newest(session, source, before, where, values, limit)
        found |= {row[0]: row for row in rows}
        low = max(low, unseen_below)
    # Below `low` one source was not looked at: what others gave from there comes again with the next page.
    newest = [found[position] for position in sorted(found, reverse=True) if position >= low]
    shown = newest[:limit]
    after = shown[-1][0] if len(newest) > limit else low or None
    return _entries(session, keys, onlooker, shown), after


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
            f"SELECT {_COLUMNS} FROM ({window}) w JOIN audit_event e ON e.position = w.position"
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


def _behind_the_last(session: Session) -> int:
    found = statements.row(session, "SELECT max(position) FROM audit_event")
    return 1 + ((found and found[0]) or 0)


def _sources(session: Session, onlooker: Onlooker, wanted: Wanted) -> Iterable[Source]:
    """The narrowest that hold all that is wanted."""
    if onlooker.sight is Sight.SELF:
        return [Source("audit_involved", "account_id", onlooker.account_id or 0)]
    if wanted.account_id is not None:
        return [Source("audit_involved", "account_id", wanted.account_id)]
    if wanted.domain_id is not None:
        return [Source("audit_domain", "domain_id", wanted.domain_id)]
    if onlooker.sight in (Sight.DOMAIN, Sight.REDACTED):
        return [Source("audit_domain", "domain_id", domain) for domain in sorted(_domains(session, onlooker))]
    return [Source()]


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
    if wanted.kind is not None:
        prefix = wanted.kind + "."
        add("(e.kind = ? OR substr(e.kind, 1, ?) = ?)", wanted.kind, len(prefix), prefix)
    if wanted.since is not None:
        add("e.at >= ?", wanted.since)
    if wanted.until is not None:
        add("e.at < ?", wanted.until)
    if onlooker.account_id is not None and onlooker.sight is not Sight.AUDITOR:
        me = onlooker.account_id
        add(f"NOT (e.subject = ? AND {looks.barred('e', '?', '?')})", f"account:{me}", me, now)
    return " AND ".join(parts), values


# --- what is shown of them ---


@dataclass(frozen=True, slots=True)
class _Person:
    public_id: str
    email: str
    name: str
    role: str
    domain_id: int


@dataclass(frozen=True, slots=True)
class _Known:
    """Those that a page speaks of."""

    people: Mapping[int, _Person]
    domains: Mapping[int, str]


def _entries(session: Session, keys: ServerKeys, onlooker: Onlooker, rows: list[statements.Row]) -> list[Entry]:
    details = [_detail_of(row) for row in rows]
    known = _known(session, onlooker, [party for row in rows for party in row[3:5]], details)
    shown = _Shown(keys, onlooker, known)
    return [
        Entry(position, at, kind, shown.party(actor), shown.party(subject), shown.detail(detail))
        for (position, at, kind, actor, subject, _), detail in zip(rows, details, strict=True)
    ]


def _detail_of(row: statements.Row) -> dict[str, Any]:
    """The detail of a sound row. Tampered: someone wrote to the table."""
    _, at, *texts = row
    if not isinstance(at, int) or not all(isinstance(text, str) for text in texts):
        raise Tampered("audit event")
    parties = [party.partition(":") for party in texts[1:3]]
    try:
        detail = json.loads(texts[3])
    except (ValueError, RecursionError):
        raise Tampered("audit event") from None
    if not isinstance(detail, dict) or any(
        noun in ("account", "domain") and _NUMBER.fullmatch(number) is None for noun, _, number in parties
    ):
        raise Tampered("audit event")
    return detail


def _known(session: Session, onlooker: Onlooker, parties: list[str], details: list[dict[str, Any]]) -> _Known:
    ids = {int(number) for noun, _, number in (party.partition(":") for party in parties) if noun == "account"}
    for detail in details:
        for key, value in detail.items():
            ids |= set(_people_in(key, value) or ())
    if onlooker.account_id is not None:
        ids.add(onlooker.account_id)
    people = _people(session, sorted(ids))
    return _Known(people, dict(statements.rows(session, "SELECT id, name FROM domain")))


def _people(session: Session, ids: list[int]) -> dict[int, _Person]:
    """With the strongest role that they hold now."""
    people = {}
    for marks, part in statements.chunks(ids):
        granted: dict[int, set[str]] = {}
        held = f"SELECT account_id, role FROM role_grant WHERE revoked_at IS NULL AND account_id IN ({marks})"
        for number, role in statements.rows(session, held, part):
            granted.setdefault(number, set()).add(role)
        columns = "id, public_id, email, name, domain_id, role"
        for row in statements.rows(session, f"SELECT {columns} FROM account WHERE id IN ({marks})", part):
            number, public_id, email, name, domain_id, own = row
            role = looks.strongest(own, granted.get(number, ()))
            people[number] = _Person(public_id, email, name, role, domain_id)
    return people


def _people_in(key: str, value: object) -> list[int] | None:
    """The accounts that a member of a detail names; None if it is none that names any."""
    if key in _PERSON_KEYS:
        return [value] if type(value) is int else []
    if key in _PEOPLE_KEYS and isinstance(value, list):
        return [each for each in value if type(each) is int]
    return None


@dataclass(frozen=True, slots=True)
class _Shown:
    """Turns ids into what the onlooker may see."""

    keys: ServerKeys
    onlooker: Onlooker
    known: _Known

    def party(self, reference: str) -> Party:
        noun, _, number = reference.partition(":")
        if self.onlooker.sight is Sight.REDACTED:
            return Party(noun)
        if noun == "account":
            return self.account(int(number))
        if noun == "domain":
            return Party(noun, None, self.known.domains.get(int(number)))
        if noun == "document":
            return self._document(number)
        return Party(noun)

    def account(self, number: int) -> Party:
        person, sight = self.known.people.get(number), self.onlooker.sight
        if sight is Sight.AUDITOR:
            return Party("account", pseudonym(self.keys, "account", number), None, person.role if person else None)
        if person is None:
            return Party("account")
        if sight is Sight.ALL or (sight is Sight.DOMAIN and self._in_reach(person)):
            return Party("account", person.public_id, person.email, person.role)
        if number == self.onlooker.account_id:
            return Party("account", person.public_id, person.name, person.role)
        if sight is Sight.SELF and person.domain_id == self.known.people[self.onlooker.account_id or 0].domain_id:
            return Party("account", None, person.name, person.role)
        return Party("account", None, None, person.role)

    def _in_reach(self, person: _Person) -> bool:
        return self.onlooker.domains is None or person.domain_id in self.onlooker.domains

    def _document(self, public_id: str) -> Party:
        sight = self.onlooker.sight
        if sight is Sight.AUDITOR:
            return Party("document", pseudonym(self.keys, "document", public_id))
        return Party("document", public_id if sight is Sight.ALL else None)

    def _domain(self, number: object) -> str | None:
        """The name; other domains stay out of the view of those of one."""
        reach = self.onlooker.domains if self.onlooker.sight is Sight.DOMAIN else None
        if not isinstance(number, int) or (reach is not None and number not in reach):
            return None
        return self.known.domains.get(number)

    def detail(self, detail: dict[str, Any]) -> dict[str, Any] | None:
        if self.onlooker.sight is Sight.REDACTED:
            return None
        shown = {key: self._member(key, value) for key, value in detail.items()}
        return {key: value for key, value in shown.items() if value is not None}

    def _member(self, key: str, value: object) -> object:
        """None: not shown. Numbers are counts, times and ids of this process; text may be anything."""
        people = _people_in(key, value)
        if people is not None:
            named = [each.name or each.id or each.role for each in map(self.account, people)]
            return next(iter(named), None) if key in _PERSON_KEYS else named
        if key == "domain":
            return self._domain(value)
        if self.onlooker.sight is Sight.ALL or key in _WORD_KEYS:
            return value
        numbers = value if isinstance(value, list) else [value]
        return value if all(isinstance(each, int) for each in numbers) else None
