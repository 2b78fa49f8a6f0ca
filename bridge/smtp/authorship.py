"""Who the header of a message names as its author, held against what the sender may use (RFC 6409 section 6.1)."""

from dataclasses import dataclass

from bridge.mail import addresses, headers
from bridge.smtp import replies

_OWN_FIELDS = ("From", "Sender")


@dataclass(frozen=True, slots=True)
class Rights:
    """As they stood at MAIL: what the envelope named was allowed, and the header may name."""

    identities: frozenset[str]
    """Lower case."""


def header_refusal(header: bytes, rights: Rights) -> str | None:
    """The answer to a header that names others as its author, None if all is well.

    A field that others may read differently is refused: text without an address, more addresses than we read, an
    address of somebody else in the open beside the one that counts. No From at all names nobody. A block longer than
    what we read as header may name anyone below.
    """
    if len(header) >= headers.MAX_HEADER:
        return replies.HEADER_TOO_LONG
    for field in _OWN_FIELDS:
        for value in headers.values(header, field):
            refusal = _refusal(value, rights)
            if refusal is not None:
                return refusal.format(field=field)
    return None


def _refusal(value: str, rights: Rights) -> str | None:
    if not addresses.is_read_whole(value):
        return replies.FROM_TOO_LONG
    items = addresses.parse(value)
    found = {address.mailbox.lower() for address in addresses.flat(items)}
    if not found or addresses.weight(items) >= addresses.MAX_ADDRESSES:
        return replies.FROM_UNREADABLE
    found |= {mailbox.lower() for mailbox in addresses.in_the_open(value)}
    return None if found <= rights.identities else replies.FROM_NOT_YOURS
