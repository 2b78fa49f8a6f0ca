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
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Tampered
from storage.keys.master import ServerKeys
from storage.oversight import audit_search, looks
from storage.oversight.audit_search import Onlooker, Sight, Wanted
from storage.oversight.pseudonyms import pseudonym

# ruff: noqa: S608 - every part of these statements stands in this file

_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_PERSON_KEYS = frozenset({"account", "by", "to", "holder", "viewer", "approver"})
"""Members of a detail that hold the id of an account."""
_PEOPLE_KEYS = frozenset({"accounts", "holders", "custodians"})
"""Members that hold a list of them, or their number."""
_WORD_KEYS = frozenset(
    {"role", "state", "scopes", "mode", "kind", "what", "field", "fields", "origin", "channel", "before", "of"}
)
"""Members that hold words of ours: no other text leaves the log."""


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
    rows, rest = audit_search.newest(session, onlooker, wanted, now, after, limit)
    return _entries(session, keys, onlooker, rows), rest


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
