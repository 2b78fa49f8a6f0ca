"""Legal holds: what must not be erased for now, with reason, basis and end date (S47).

Contract. A hold keeps an account with all that is in it, or one document in one account: another reader's wrap of the
same document is not concerned. While it is in force, `check` raises Held, so erasure is refused; and the last copy of
what is held can be neither expunged nor deleted with its mailbox (docs/decisions). Moving it about is free.
Who placed and lifted it stands in the audit log.
"""

from dataclasses import dataclass

from sqlmodel import Session

from storage.engine import statements
from storage.errors import Conflict, Held, Invalid, NotFound
from storage.oversight import audit
from storage.records import AccountState, Flag

MAX_TEXT = 500
_NEWEST = 2**63 - 1
LONGEST = 10 * 366 * 24 * 3600
"""A hold ends by itself one day, at the latest after ten years; it can be placed anew."""
_COLUMNS = (
    "id, account_id, document_public_id, reason, basis, placed_by, placed_at, ends_at, lifted_by, lifted_at FROM hold"
)


@dataclass(frozen=True, slots=True)
class Hold:
    id: int
    account_id: int
    document_public_id: str | None
    """None: the whole account."""
    reason: str
    basis: str
    """Law or order that it rests on."""
    placed_by: int | None
    placed_at: int
    ends_at: int
    lifted_by: int | None
    lifted_at: int | None


def place(
    session: Session,
    account_id: int,
    *,
    reason: str,
    basis: str,
    ends_at: int,
    by: int | None,
    now: int,
    document_public_id: str | None = None,
) -> Hold:
    """A new hold. NotFound account or document; Conflict if the account is erased; Invalid text or end."""
    for name, value in (("reason", reason), ("basis", basis)):
        if not value.strip() or len(value) > MAX_TEXT or not value.isprintable():
            raise Invalid(f"{name}: 1 to {MAX_TEXT} printable characters")
    if not now < ends_at <= now + LONGEST:
        raise Invalid("ends_at: in the future, within ten years")
    _require_target(session, account_id, document_public_id)
    made = statements.row(
        session,
        "INSERT INTO hold (account_id, document_public_id, reason, basis, placed_by, placed_at, ends_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (account_id, document_public_id, reason.strip(), basis.strip(), by, now, ends_at),
    )
    assert made is not None
    _audit(session, "hold.placed", by, account_id, {"hold": made[0], "ends_at": ends_at}, now)
    return by_id(session, made[0])


def lift(session: Session, hold_id: int, by: int | None, now: int) -> Hold:
    """End a hold. NotFound if there is none in force."""
    hold = by_id(session, hold_id)
    if hold.lifted_at is not None or hold.ends_at <= now:
        raise NotFound("hold in force")
    statements.run(session, "UPDATE hold SET lifted_by = ?, lifted_at = ? WHERE id = ?", (by, now, hold_id))
    _audit(session, "hold.lifted", by, hold.account_id, {"hold": hold_id}, now)
    return by_id(session, hold_id)


def by_id(session: Session, hold_id: int) -> Hold:
    """NotFound."""
    found = statements.row(session, f"SELECT {_COLUMNS} WHERE id = ?", (hold_id,))
    if found is None:
        raise NotFound("hold")
    return Hold(*found)


def listing(session: Session, account_id: int) -> list[Hold]:
    """All of an account, past ones too, newest first."""
    found = statements.rows(session, f"SELECT {_COLUMNS} WHERE account_id = ? ORDER BY id DESC", (account_id,))
    return [Hold(*row) for row in found]


def page(
    session: Session, domains: frozenset[int] | None, now: int, *, before: int | None = None, limit: int = 50
) -> list[Hold]:
    """Those that bind now on accounts of these domains (None: of all), newest first from below `before`."""
    confined = "" if domains is None else f" AND domain_id IN ({','.join('?' * len(domains))})"
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} WHERE lifted_at IS NULL AND ends_at > ? AND id < ? AND account_id IN"  # noqa: S608
        f" (SELECT id FROM account WHERE 1 = 1{confined}) ORDER BY id DESC LIMIT ?",
        (now, _NEWEST if before is None else before, *sorted(domains or ()), limit),
    )
    return [Hold(*row) for row in found]


def in_force(session: Session, account_id: int, now: int) -> list[Hold]:
    """Those that bind now, the one that ends last first."""
    found = statements.rows(
        session,
        f"SELECT {_COLUMNS} WHERE account_id = ? AND lifted_at IS NULL AND ends_at > ? ORDER BY ends_at DESC",
        (account_id, now),
    )
    return [Hold(*row) for row in found]


def check(session: Session, account_id: int, now: int, document_public_id: str | None = None) -> None:
    """Held if this must not be erased: the document, or (None) the account with everything in it."""
    for hold in in_force(session, account_id, now):
        if document_public_id is None or hold.document_public_id in (None, document_public_id):
            raise Held(hold.basis, hold.ends_at)


def check_person(session: Session, account_id: int, now: int) -> None:
    """Held if the account itself is: then its fields stay too. A hold on one document does not concern them."""
    for hold in in_force(session, account_id, now):
        if hold.document_public_id is None:
            raise Held(hold.basis, hold.ends_at)


# --- copies in mailboxes ---

_IS_HELD = (
    " EXISTS (SELECT 1 FROM hold WHERE hold.account_id = copy.account_id AND lifted_at IS NULL AND ends_at > ?"
    " AND (document_public_id IS NULL OR document_public_id ="
    " (SELECT public_id FROM document WHERE document.id = copy.document_id)))"
)
_ANOTHER = (
    " EXISTS (SELECT 1 FROM copy AS other WHERE other.document_id = copy.document_id"
    " AND other.account_id = copy.account_id AND "
)
STAYS_AT_EXPUNGE = f"({_IS_HELD} AND NOT {_ANOTHER} other.flags & {int(Flag.DELETED)} = 0))"
"""A condition on `copy`: held, and every copy of it is \\Deleted. One value: now."""
STAYS_AT_DELETE = f"({_IS_HELD} AND NOT {_ANOTHER} other.mailbox_id <> copy.mailbox_id))"
"""Held, and no other mailbox has it. One value: now."""

_HELD_IN_MAILBOX = (
    "SELECT account_id, (SELECT public_id FROM document WHERE id = document_id) FROM copy"
    " WHERE mailbox_id = ? AND ?* LIMIT 1"
)


def any_on(session: Session, mailbox_id: int, now: int) -> bool:
    """Whether a hold binds anything in the mailbox's account: mostly not, and then nothing more is asked."""
    found = statements.row(
        session,
        "SELECT 1 FROM hold JOIN mailbox ON mailbox.account_id = hold.account_id"
        " WHERE mailbox.id = ? AND lifted_at IS NULL AND ends_at > ? LIMIT 1",
        (mailbox_id, now),
    )
    return found is not None


def kept(session: Session, mailbox_id: int, now: int) -> Held | None:
    """The hold, if one does, that keeps some of the mailbox's \\Deleted messages from being expunged."""
    if not any_on(session, mailbox_id, now):
        return None
    found = statements.row(
        session,
        _HELD_IN_MAILBOX.replace("?*", f"flags & ? <> 0 AND {STAYS_AT_EXPUNGE}"),
        (mailbox_id, int(Flag.DELETED), now),
    )
    return None if found is None else _why(session, found[0], now, found[1])


def check_mailbox(session: Session, mailbox_id: int, now: int) -> None:
    """Held if deleting the mailbox would take the last copy of something held."""
    if not any_on(session, mailbox_id, now):
        return
    found = statements.row(
        session,
        _HELD_IN_MAILBOX.replace("?*", STAYS_AT_DELETE),
        (mailbox_id, now),
    )
    if found is not None:
        check(session, found[0], now, found[1])


def _why(session: Session, account_id: int, now: int, document_public_id: str) -> Held | None:
    try:
        check(session, account_id, now, document_public_id)
    except Held as held:
        return held
    return None


def _require_target(session: Session, account_id: int, document_public_id: str | None) -> None:
    found = statements.row(session, "SELECT state FROM account WHERE id = ?", (account_id,))
    if found is None:
        raise NotFound("account")
    if found[0] == AccountState.ERASED:
        raise Conflict("erased account")
    if document_public_id is not None and not statements.row(
        session,
        "SELECT 1 FROM wrap JOIN document ON document.id = wrap.document_id WHERE public_id = ? AND account_id = ?",
        (document_public_id, account_id),
    ):
        raise NotFound("document")


def _audit(session: Session, kind: str, by: int | None, account_id: int, detail: dict[str, int], now: int) -> None:
    actor = "operator" if by is None else f"account:{by}"
    audit.append(session, kind, actor, f"account:{account_id}", detail, now)
