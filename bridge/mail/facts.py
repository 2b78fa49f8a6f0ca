"""What the header of a document says about it (RFC 2156, RFC 4021, RFC 8098), and our one header of its own.

    Postex-Document: type=invoice; batch=2026-11

Contract: `facts_of(header)` never raises; what it does not understand is None, and `unknown` names it so that the
sender can be told. Dates are epoch seconds.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from bridge.mail import addresses, headers

HEADER = "Postex-Document"
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,996}>")
_PARAMETER = re.compile(r"([A-Za-z-]{1,32})\s*=\s*(\S{1,128})")
_MAX_IDS = 20
_OF_PROGRAMS = frozenset({"x-autoreply", "x-autorespond", "x-auto-response", "x-vacation", "mailing-list"})
"""Fields of programs that answer by themselves, and of lists."""
_FIELDS = (
    HEADER,
    "Sensitivity",
    "Reply-By",
    "Expires",
    "Expiry-Date",
    "Supersedes",
    "Message-ID",
    "Disposition-Notification-To",
    "From",
    "Auto-Submitted",
    "Precedence",
    "List-Id",
    "Received",
    "Resent-Message-ID",
)


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """As sent, lower case where case does not matter."""

    document_type: str | None = None
    """Of our header; not checked against the types there are."""
    batch: str | None = None
    sensitivity: str | None = None
    """RFC 2156 section 5.3.4, such as `private`."""
    reply_by: int | None = None
    expires_at: int | None = None
    supersedes: tuple[str, ...] = ()
    """Message-IDs with their brackets."""
    message_id: str | None = None
    wants_mdn: bool = False
    """RFC 8098 section 2.1."""
    author: str | None = None
    """The address of From, if it is exactly one; lower case."""
    automatic: bool = False
    """RFC 3834 section 2; lists and bulk mail too."""
    generated: bool = False
    """No person sent it: Auto-Submitted alone (RFC 3834 section 5)."""
    hops: int = 0
    """Servers that it came by, by their Received fields."""
    resent: tuple[str, ...] = ()
    """Resent-Message-IDs with their brackets."""
    unknown: tuple[str, ...] = ()
    """Parameters of our header that there are not."""


def facts_of(header: bytes) -> HeaderFacts:
    """From a whole header block."""
    fields = headers.values_by_name(header, _FIELDS)
    first = {name: values[0] for name, values in fields.items()}
    parameters = _parameters(first.get(HEADER.lower()))
    return HeaderFacts(
        document_type=parameters.pop("type", None),
        batch=parameters.pop("batch", None),
        sensitivity=first.get("sensitivity", "").strip().lower() or None,
        reply_by=_moment(first.get("reply-by")),
        expires_at=_moment(first.get("expires") or first.get("expiry-date")),
        supersedes=tuple(_MESSAGE_ID.findall(first.get("supersedes", ""))[:_MAX_IDS]),
        message_id=next(iter(_MESSAGE_ID.findall(first.get("message-id", ""))), None),
        wants_mdn="disposition-notification-to" in first,
        author=_author(fields.get("from", ())),
        automatic=_is_automatic(first),
        generated=_is_generated(first),
        hops=len(fields.get("received", ())),
        resent=tuple(_MESSAGE_ID.findall(" ".join(fields.get("resent-message-id", ())[:_MAX_IDS]))),
        unknown=tuple(parameters),
    )


def _author(values: Sequence[str]) -> str | None:
    found = addresses.addresses_in(values)
    return found[0].mailbox.lower() if len(found) == 1 else None


def _parameters(value: str | None) -> dict[str, str]:
    found = (_PARAMETER.fullmatch(part.strip()) for part in (value or "").split(";"))
    return {each[1].lower(): each[2] for each in found if each is not None}


def _moment(value: str | None) -> int | None:
    if value is None:
        return None
    try:
        return int(parsedate_to_datetime(value).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def is_automatic(header: bytes) -> bool:
    """Whether anything in a header says that no person wrote to us: what `automatic` knows, and what older programs
    say (RFC 3834 section 2, RFC 2369, RFC 6522).
    """
    fields = headers.fields_of(headers.text_of(header).lower())
    named = [(name.strip(), value.strip()) for name, _, value in (field.partition(":") for field in fields)]
    return facts_of(header).automatic or any(
        name.startswith("list-")
        or name in _OF_PROGRAMS
        or (name == "content-type" and value.startswith("multipart/report"))
        or (name == "return-path" and value == "<>")
        for name, value in named
    )


def _is_automatic(first: Mapping[str, str]) -> bool:
    precedence = first.get("precedence", "").strip().lower()
    return _is_generated(first) or precedence in ("bulk", "junk", "list", "auto_reply") or "list-id" in first


def _is_generated(first: Mapping[str, str]) -> bool:
    return (first.get("auto-submitted") or "no").partition(";")[0].strip().lower() != "no"
