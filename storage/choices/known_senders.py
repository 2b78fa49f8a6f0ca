"""The senders that a recipient can choose for, by name, address or number (S42).

Known is who sent the account something or has a preference of it. Beside those, organisations that send (role sender)
and addresses outside our domains can be named by address: of other accounts not even their existence shows.
"""

from dataclasses import dataclass

from sqlmodel import Session

from storage.choices import correspondents
from storage.engine import statements
from storage.errors import Invalid, NotFound
from storage.people.addresses import normal
from storage.records import Role


@dataclass(frozen=True, slots=True)
class KnownSender:
    id: int
    """Of the correspondent."""
    name: str
    addresses: tuple[str, ...]
    """Those it writes as; the first is its own."""


def listing(session: Session, account_id: int) -> list[KnownSender]:
    """By name."""
    found = correspondents.of_reader(session, account_id)
    written = _addresses(session, [each.account_id for each in found if each.account_id is not None])
    return [
        KnownSender(each.id, each.name, (each.address,) if each.address else written.get(each.account_id or 0, ()))
        for each in found
    ]


def named(session: Session, account_id: int, wanted: str) -> list[KnownSender]:
    """Those known senders that `wanted` can mean: a number with # in front, an address, or a name in any case."""
    known, low = listing(session, account_id), wanted.strip().lower()
    by_address = [each for each in known if low in each.addresses or low == f"#{each.id}"]
    return by_address or [each for each in known if each.name.lower() == low]


def by_address(session: Session, address: str) -> correspondents.Key:
    """Who is behind an address that may be new to the recipient. NotFound, Invalid."""
    stored = normal(address)
    owner = statements.row(
        session,
        "SELECT account.id, account.role FROM account WHERE id IN (SELECT account_id FROM address WHERE address = ?"
        " UNION SELECT account_id FROM sender_identity WHERE address = ?) ORDER BY id LIMIT 1",
        (stored, stored),
    )
    if owner is not None:
        if owner[1] != Role.SENDER:
            raise NotFound("sender")
        return int(owner[0])
    if statements.row(session, "SELECT 1 FROM domain WHERE name = ?", (stored.rpartition("@")[2],)) is not None:
        raise NotFound("sender")
    return stored


def find(session: Session, account_id: int, wanted: str) -> int:
    """The one sender that `wanted` means, a correspondent from now on. Errors as `seek`."""
    return correspondents.note(session, seek(session, account_id, wanted))


def seek(session: Session, account_id: int, wanted: str) -> correspondents.Key:
    """The one sender that `wanted` means. NotFound; Invalid if it is several, named in its text."""
    found = named(session, account_id, wanted)
    if len(found) > 1:
        raise Invalid(
            ", ".join(f"#{each.id} {each.addresses[0] if each.addresses else ''}".strip() for each in found)
        )
    if found:
        return correspondents.get(session, found[0].id).key
    if "@" not in wanted:
        raise NotFound("sender")
    return by_address(session, wanted)


def _addresses(session: Session, account_ids: list[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for marks, part in statements.chunks(account_ids):
        sql = (
            f"SELECT id, email, 0 FROM account WHERE id IN ({marks})"  # noqa: S608 - question marks
            f" UNION ALL SELECT account_id, address, 1 FROM sender_identity WHERE account_id IN ({marks})"
            " ORDER BY 3, 2"
        )
        for account_id, address, _ in statements.rows(session, sql, (*part, *part)):
            found[account_id] = (*found.get(account_id, ()), address)
    return found
