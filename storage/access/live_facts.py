"""What is known of accounts and devices that have sessions at this moment: many at once, for one list."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session

from storage.engine import statements
from storage.records import Origin

# ruff: noqa: S608 - marks alone


class Holder(NamedTuple):
    """Whose session it is."""

    id: int
    public_id: str
    domain_id: int
    email: str
    name: str
    client_noted: bool
    """Whether its programs may be told by name."""


class Signed(NamedTuple):
    """The device that it signed in with."""

    label: str
    origin: Origin


def holders(session: Session, account_ids: Sequence[int]) -> dict[int, Holder]:
    """Those of the accounts that are there."""
    found: dict[int, Holder] = {}
    for marks, part in statements.chunks(account_ids):
        sql = f"SELECT id, public_id, domain_id, email, name, client_noted FROM account WHERE id IN ({marks})"
        found |= {row[0]: Holder(*row) for row in statements.rows(session, sql, part)}
    return found


def devices(session: Session, device_ids: Sequence[int]) -> dict[int, Signed]:
    """Those of the devices that are there."""
    found: dict[int, Signed] = {}
    for marks, part in statements.chunks(device_ids):
        sql = f"SELECT id, label, origin FROM device WHERE id IN ({marks})"
        found |= {row[0]: Signed(row[1], Origin(row[2])) for row in statements.rows(session, sql, part)}
    return found
