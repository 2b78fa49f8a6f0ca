"""Delivery folders: always empty; what is moved or copied there chooses how its sender reaches the account (D2, S42).

Contract. Every account has one for each channel, as rows of `mailbox` with their own UIDVALIDITY and UIDs, and a mark
in the place of the tag of a name: their names are the same for everybody and follow the account's language (S34), so
they need no key, and change with the language at once. The one of the external mailbox is shown to those who have
one. A subscription to them is a row with the same mark. Where an older folder of the account's own has such a name,
it keeps it, and the delivery folder is shown with `_ASIDE` behind its name.
"""

from collections.abc import Iterator

from sqlmodel import Session

from storage.deliveries.terms import Channel
from storage.engine import statements
from storage.errors import Conflict, Tampered
from storage.keys.keyring import AccountKeys
from storage.mail.mailbox_names import SEPARATOR
from storage.records import Mailbox

FOLDERS = {f"delivery-{channel}": channel for channel in Channel}
"""Special use as stored → channel."""
FALLBACK = "en"
NAMES = {
    "en": {
        Channel.MAILBOX: "Delivery/Mailbox",
        Channel.EXTERNAL: "Delivery/External",
        Channel.EMAIL: "Delivery/E-mail",
        Channel.PAPER: "Delivery/Paper",
        Channel.REFUSE: "Delivery/Refuse",
    },
    "nl": {
        Channel.MAILBOX: "Bezorging/Postvak",
        Channel.EXTERNAL: "Bezorging/Extern",
        Channel.EMAIL: "Bezorging/E-mail",
        Channel.PAPER: "Bezorging/Papier",
        Channel.REFUSE: "Bezorging/Weigeren",
    },
}
_ASIDE = " (Postex)"
_RESERVED = frozenset(name for names in NAMES.values() for name in names.values())
_PARENTS = tuple({name.partition(SEPARATOR)[0] + SEPARATOR for name in _RESERVED})


def mark(special: str) -> bytes:
    """What stands in the place of a name's tag; shorter than any tag."""
    return special.encode()


def is_folder(special: object) -> bool:
    return special in FOLDERS


def could_be(name: str) -> bool:
    """Whether a delivery folder can have this name, in some language."""
    return name.startswith(_PARENTS)


def check_free(name: str) -> None:
    """Conflict for the name of a delivery folder in any language, or one below it."""
    if any(name == taken or name.startswith(taken + SEPARATOR) for taken in _RESERVED):
        raise Conflict("the name of a delivery folder")


def shown(session: Session, account_id: int, keys: AccountKeys) -> dict[str, str]:
    """Special use → name, of those that the account sees now."""
    found = statements.row(
        session,
        "SELECT locale, (SELECT 1 FROM external_mailbox WHERE account_id = account.id AND verified_at IS NOT NULL)"
        " FROM account WHERE id = ?",
        (account_id,),
    )
    locale, has_external = found or (FALLBACK, None)
    names = NAMES.get(locale, NAMES[FALLBACK])
    own = _own_names(session, account_id, keys, list(names.values()))
    return {
        special: names[channel] + (_ASIDE if names[channel] in own else "")
        for special, channel in FOLDERS.items()
        if channel is not Channel.EXTERNAL or has_external
    }


def by_name(session: Session, account_id: int, keys: AccountKeys, name: str) -> Mailbox | None:
    """None if the account sees no delivery folder of that name."""
    special = special_of(session, account_id, keys, name)
    if special is None:
        return None
    found = statements.row(
        session,
        "SELECT id, account_id, public_id, sealed_name, name_tag, special, uid_validity, uid_next, highest_modseq"
        " FROM mailbox WHERE account_id = ? AND special = ?",
        (account_id, special),
    )
    return None if found is None else opened(found, name)


def special_of(session: Session, account_id: int, keys: AccountKeys, name: str) -> str | None:
    """As it is stored; None if the account sees no delivery folder of that name."""
    if not could_be(name):
        return None
    names = shown(session, account_id, keys)
    return next((special for special, given in names.items() if given == name), None)


def opened(row: statements.Row, name: str) -> Mailbox:
    """From the columns that `selection.opened` takes. Tampered if its mark is another."""
    number, account_id, _, _, name_tag, special, validity, uid_next, modseq = row
    if name_tag != mark(special):
        raise Tampered("the mark of a delivery folder")
    return Mailbox(number, account_id, name, None, validity, uid_next, modseq, FOLDERS[special])


def subscribe_all(session: Session, account_id: int) -> None:
    """As every account begins."""
    statements.run_many(
        session,
        "INSERT INTO subscription (account_id, name_tag, sealed_name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        ((account_id, mark(special), b"") for special in FOLDERS),
    )


def subscribed(session: Session, account_id: int, keys: AccountKeys, marks: frozenset[bytes]) -> Iterator[str]:
    """The names behind those of `marks` that the account sees."""
    if marks:
        yield from (name for special, name in shown(session, account_id, keys).items() if mark(special) in marks)


def _own_names(session: Session, account_id: int, keys: AccountKeys, names: list[str]) -> frozenset[str]:
    """Those of `names` that folders of the account's own have."""
    tags = {keys.name_tag(name): name for name in names}
    marks = ",".join("?" * len(tags))
    found = statements.rows(
        session,
        f"SELECT name_tag FROM mailbox WHERE account_id = ? AND name_tag IN ({marks})",  # noqa: S608 - question marks
        (account_id, *tags),
    )
    return frozenset(tags[tag] for (tag,) in found)
