"""ENVELOPE of a message's header (RFC 3501 section 7.4.2), ready to send.

The rules of NIL: an absent Date, Subject, In-Reply-To or Message-ID is NIL and an empty one is ""; an address field
that is absent or empty is NIL, except Sender and Reply-To, which then repeat From. An address without domain or
local part carries a placeholder there, as NIL would make clients read it as the bounds of a group.
"""

from bridge.mail.addresses import MAX_ADDRESSES, Address, Group, parse
from bridge.mail.quoting import quoted, quoted_or_nil
from bridge.mail.words import unicode_of

Fields = dict[str, list[str]]
"""Lower-case name → unfolded values, as `headers.scanned_fields` gives them."""

NO_DOMAIN = "MISSING_DOMAIN"
NO_LOCAL = "MISSING_MAILBOX"


def envelope(fields: Fields) -> str:
    sender = _address_list(fields, "from")
    members = (
        _last(fields, "date"),
        _last(fields, "subject"),
        sender,
        _address_list(fields, "sender", sender),
        _address_list(fields, "reply-to", sender),
        _address_list(fields, "to"),
        _address_list(fields, "cc"),
        _address_list(fields, "bcc"),
        _last(fields, "in-reply-to"),
        _last(fields, "message-id"),
    )
    return "(" + " ".join(members) + ")"


def _last(fields: Fields, name: str) -> str:
    """RFC 5322 section 3.6 allows one; of more the last counts, which is the one that DKIM signs (RFC 6376 5.4.2)."""
    found = fields.get(name)
    return quoted(found[-1]) if found else "NIL"


def _address_list(fields: Fields, name: str, absent: str = "NIL") -> str:
    """Every field of the name counts: RFC 5322 section 4.5.3 lets the obsolete form repeat them."""
    written: list[str] = []
    for value in fields.get(name, ()):
        written.extend(_written(item) for item in parse(value))
        if len(written) >= MAX_ADDRESSES:
            break
    return "(" + "".join(written[:MAX_ADDRESSES]) + ")" if written else absent


def _written(item: Address | Group) -> str:
    if isinstance(item, Group):
        members = "".join(_written(member) for member in item.members)
        return f"(NIL NIL {quoted(item.name)} NIL){members}(NIL NIL NIL NIL)"
    local = quoted(item.local or NO_LOCAL)
    return f"({quoted_or_nil(item.name)} {quoted_or_nil(item.route)} {local} {quoted(_host(item.domain))})"


def _host(domain: str) -> str:
    """The domain in 7 bits: IDNA (RFC 6855 forbids the Unicode form here), else an encoded word."""
    if domain.isascii():
        return domain or NO_DOMAIN
    if len(domain) <= _LONGEST_DOMAIN:
        try:
            return unicode_of(domain).encode("idna").decode("ascii")
        except UnicodeError:
            pass
    return domain


_LONGEST_DOMAIN = 253
