"""Who documents come from: an account of this bridge, or an address outside. Preferences hang on the number."""

from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import NotFound

Key = int | str
"""An account's number, or an address."""


@dataclass(frozen=True, slots=True)
class Correspondent:
    id: int
    account_id: int | None
    address: str | None
    """Of an outside sender; lower case."""
    name: str
    """The account's name, or the address."""

    @property
    def key(self) -> Key:
        """Never empty: a correspondent is one or the other."""
        return self.account_id if self.account_id is not None else self.address or ""


_COLUMNS = (
    "SELECT correspondent.id, account_id, correspondent.address, coalesce(account.name, correspondent.address)"
    " FROM correspondent LEFT JOIN account ON account.id = correspondent.account_id"
)


def find(session: Session, key: Key) -> int | None:
    """The number of a correspondent; None if nothing ever came from there."""
    column, value = _named(key)
    found = statements.row(session, f"SELECT id FROM correspondent WHERE {column} = ?", (value,))  # noqa: S608 - a word
    return None if found is None else int(found[0])


def of_sender(session: Session, account_id: int) -> tuple[int | None, str | None]:
    """Its number, and the type of its documents that do not name one: in one look-up, as each arrival asks."""
    sql = (
        "SELECT (SELECT id FROM correspondent WHERE account_id = account.id), default_type FROM account WHERE id = ?"
    )
    found = statements.row(session, sql, (account_id,))
    return (None, None) if found is None else (found[0], found[1])


def note(session: Session, key: Key) -> int:
    """The number of a correspondent, made if it is new."""
    known = find(session, key)
    if known is not None:
        return known
    column, value = _named(key)
    made = statements.row(
        session,
        f"INSERT INTO correspondent ({column}) VALUES (?) RETURNING id",  # noqa: S608 - a word
        (value,),
    )
    assert made is not None
    return int(made[0])


def _named(key: Key) -> tuple[str, Key]:
    """The column of a key, and its value. An address outside may have any form, quoted with blanks in it too."""
    return ("account_id", key) if isinstance(key, int) else ("address", key.lower())


def get(session: Session, correspondent_id: int) -> Correspondent:
    """NotFound."""
    found = statements.row(session, f"{_COLUMNS} WHERE correspondent.id = ?", (correspondent_id,))
    if found is None:
        raise NotFound("correspondent")
    return Correspondent(*found)


def matching(session: Session, text: str, limit: int, *, whole: bool) -> list[int]:
    """Numbers of those whose name or address has this in it; `whole`: whose address it is."""
    low = text.lower()
    sql = (
        "SELECT correspondent.id FROM correspondent LEFT JOIN account ON account.id = correspondent.account_id"
        " WHERE correspondent.address = ? OR account.email = ? OR account.id IN"
        " (SELECT account_id FROM sender_identity WHERE address = ?)"
    )
    values: list[statements.Value] = [low, low, low]
    if not whole:
        sql += (
            " OR instr(lower(coalesce(account.name, '')), ?) OR instr(coalesce(account.email, ''), ?)"
            " OR instr(coalesce(correspondent.address, ''), ?)"
        )
        values += [low, low, low]
    found = statements.rows(session, f"{sql} ORDER BY 1 LIMIT ?", (*values, limit))
    return [number for (number,) in found]


def is_known(session: Session, account_id: int, correspondent_id: int) -> bool:
    """Whether it is among those of `of_reader`: two probes, however many they are."""
    found = statements.row(
        session,
        "SELECT EXISTS (SELECT 1 FROM delivery WHERE correspondent_id = ? AND account_id = ? AND state <> 'held')"
        " OR EXISTS (SELECT 1 FROM preference WHERE account_id = ? AND correspondent_id = ?)",
        (correspondent_id, account_id, account_id, correspondent_id),
    )
    return found is not None and bool(found[0])


def of_reader(session: Session, account_id: int) -> list[Correspondent]:
    """Those who ever sent this account something, or whom it has chosen something for; by name."""
    found = statements.rows(
        session,
        f"{_COLUMNS} WHERE correspondent.id IN (SELECT correspondent_id FROM delivery WHERE delivery.account_id = ?"  # noqa: S608
        " AND state <> 'held'"
        " UNION SELECT correspondent_id FROM preference WHERE preference.account_id = ?) ORDER BY 4, 1",
        (account_id, account_id),
    )
    return [Correspondent(*row) for row in found]
