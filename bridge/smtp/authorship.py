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

    A field that holds text and no address is refused: another reader may see an address in it. No From at all names
    nobody, unless the block is longer than what we read as header.
    """
    for field in _OWN_FIELDS:
        fields = headers.values(header, field)
        found = [addresses.flat(addresses.parse(value)) for value in fields]
        if not all(found) or (not fields and field == "From" and len(header) >= headers.MAX_HEADER):
            return replies.FROM_UNREADABLE.format(field=field)
        if any(address.mailbox.lower() not in rights.identities for each in found for address in each):
            return replies.FROM_NOT_YOURS.format(field=field)
    return None
