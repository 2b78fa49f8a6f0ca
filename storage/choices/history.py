"""What preferences were and became, act by act (S15): rows of `preference_change`, their JSON, and their undo.

One act, such as moving 500 messages of 12 senders, is one batch: one row for each level that it changed. JSON has the
fields that say something, as text or number: {"channel": "paper", "ladder": "3:remind"}; NULL is a level that said
nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlmodel import Session

from storage.deliveries.terms import Channel, Choice, DocumentType, Ladder, Notify, Preference, Quiet, Road
from storage.engine import statements

_COLUMNS = (
    "id, batch, account_id, domain_id, correspondent_id, document_type, old, new, road, changed_by, changed_at,"
    " undo_until, undone_at"
)
_PARSERS = {"channel": Channel, "notify": Notify, "quiet": Quiet.parse, "ladder": Ladder.parse}


@dataclass(frozen=True, slots=True)
class Row:
    """One level before and after. Both name the same level."""

    old: Preference
    new: Preference


@dataclass(frozen=True, slots=True)
class PreferenceChange:
    """One row of the history."""

    id: int
    batch: str
    row: Row
    road: Road
    changed_by: int | None
    """Account; None for the operator of the machine."""
    changed_at: int
    undo_until: int
    undone_at: int | None

    def can_be_undone(self, now: int) -> bool:
        return self.undone_at is None and now < self.undo_until


def note(
    session: Session,
    batch: str,
    rows: Iterable[Row],
    *,
    road: Road,
    changed_by: int | None,
    now: int,
    undo_until: int,
) -> None:
    """Add the rows of one act."""
    statements.run_many(
        session,
        "INSERT INTO preference_change (batch, account_id, domain_id, correspondent_id, document_type, old, new,"
        " road, changed_by, changed_at, undo_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (batch, *_level(row.new), encoded(row.old), encoded(row.new), road, changed_by, now, undo_until)
            for row in rows
        ],
    )


def of_batch(session: Session, batch: str) -> list[PreferenceChange]:
    """In the order in which they were made."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM preference_change WHERE batch = ? ORDER BY id",  # noqa: S608
        (batch,),
    )
    return [_change(row) for row in found]


def listing(
    session: Session, owner: Preference, *, before: int | None = None, limit: int = 100
) -> list[PreferenceChange]:
    """Of an account or a domain, whichever `owner` names; newest first, with numbers below `before`."""
    column, number = _owner(owner)
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} FROM preference_change WHERE {column} = ? AND id < ? ORDER BY id DESC LIMIT ?",  # noqa: S608
        (number, 2**63 - 1 if before is None else before, limit),
    )
    return [_change(row) for row in found]


def changed_since(session: Session, change: PreferenceChange) -> bool:
    """Whether a later act, itself not taken back, stands at the same level."""
    level = change.row.new
    column, number = _owner(level)
    found = statements.row(
        session,
        f"SELECT 1 FROM preference_change WHERE {column} = ? AND correspondent_id IS NOT DISTINCT FROM ?"  # noqa: S608
        " AND document_type IS NOT DISTINCT FROM ? AND id > ? AND undone_at IS NULL AND road <> ? AND batch <> ?"
        " LIMIT 1",
        (number, level.correspondent_id, level.document_type, change.id, Road.UNDO, change.batch),
    )
    return found is not None


def mark_undone(session: Session, batch: str, now: int) -> None:
    statements.run(session, "UPDATE preference_change SET undone_at = ? WHERE batch = ?", (now, batch))


def encoded(preference: Preference) -> str | None:
    """The JSON of what a level says; None if it says nothing."""
    said: dict[str, object] = {}
    for each in fields(Choice):
        value = getattr(preference.choice, each.name)
        if value is not None:
            said[each.name] = value if isinstance(value, bool | int) else str(value)
    if preference.mandatory:
        said["mandatory"] = True
    return json.dumps(said) if said else None


def decoded(level: Preference, text: str | None) -> Preference:
    """`level` saying what the JSON says."""
    said = json.loads(text or "{}")
    mandatory = bool(said.pop("mandatory", False))
    given: dict[str, Any] = {
        name: _PARSERS[name](value) if name in _PARSERS else value for name, value in said.items()
    }
    return replace(level, choice=Choice(**given), mandatory=mandatory)


def _owner(level: Preference) -> tuple[str, int | None]:
    """Column and number of the account or the domain whose level it is."""
    return ("domain_id", level.domain_id) if level.account_id is None else ("account_id", level.account_id)


def _level(preference: Preference) -> tuple[int | None, int | None, int | None, str | None]:
    return preference.account_id, preference.domain_id, preference.correspondent_id, preference.document_type


def _change(row: statements.Row) -> PreferenceChange:
    number, batch, account, domain, correspondent, kind, old, new, road, *rest = row
    level = Preference(Choice(), account, domain, correspondent, None if kind is None else DocumentType(kind))
    return PreferenceChange(number, batch, Row(decoded(level, old), decoded(level, new)), Road(road), *rest)
