"""SQL at the level of the database driver: the one road by which storage functions reach their tables.

Measured per statement: 5 µs here, 27 µs through `exec_driver_sql`, 30 µs through cached Core constructs; a delivery
runs about ten. So statements are standard SQL text (RETURNING and ON CONFLICT, which PostgreSQL has too) with `?`
for parameters; a driver with another mark would be served in `_cursor` alone.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import Session

Value = int | str | bytes | None
Row = tuple[Any, ...]

_KEY = "driver"
CHUNK = 500
"""Values in one IN list: long enough to pay, short enough for the statement cache."""


def bind(session: Session, driver: Any) -> None:
    """Set the driver connection that this session's statements use."""
    session.info[_KEY] = driver


def driver(session: Session) -> Any:
    """The driver connection, for what no statement says: copying the whole database."""
    return session.info[_KEY]


def _cursor(session: Session, sql: str, values: Sequence[Value]) -> Any:
    return session.info[_KEY].execute(sql, values)


def in_transaction(session: Session) -> bool:
    """Whether a BEGIN is open."""
    opened: bool = session.info[_KEY].in_transaction
    return opened


def rows(session: Session, sql: str, values: Sequence[Value] = ()) -> list[Row]:
    """All rows of a query or of a RETURNING clause."""
    found: list[Row] = _cursor(session, sql, values).fetchall()
    return found


def row(session: Session, sql: str, values: Sequence[Value] = ()) -> Row | None:
    """The first row. The statement runs to its end, so that a RETURNING takes effect whole."""
    found = _cursor(session, sql, values).fetchall()
    return found[0] if found else None


def run(session: Session, sql: str, values: Sequence[Value] = ()) -> int:
    """Run a statement without result rows; gives the number of rows it changed."""
    changed: int = _cursor(session, sql, values).rowcount
    return changed


def run_many(session: Session, sql: str, many: Iterable[Sequence[Value]]) -> int:
    """One statement for each tuple of values; gives the number of rows they changed."""
    changed: int = session.info[_KEY].executemany(sql, many).rowcount
    return changed


def chunks(values: Sequence[int], size: int = CHUNK) -> Iterable[tuple[str, Sequence[int]]]:
    """Cut `values` for IN lists: ("?,?,…", values) each."""
    for start in range(0, len(values), size):
        part = values[start : start + size]
        yield ",".join("?" * len(part)), part
