"""BODY and BODYSTRUCTURE of a scanned message (RFC 3501 section 7.4.2), and the tree they are written from.

Sizes and lines are of the content as stored, without the MIME header. Lines are counted as line feeds, each octet of
the message once, however deeply messages lie in messages.
"""

from dataclasses import dataclass, field

from bridge.mail import parameters
from bridge.mail.envelope import Fields, envelope
from bridge.mail.parts import Kind, Row
from bridge.mail.quoting import quoted, quoted_or_nil


@dataclass(slots=True)
class Part:
    """One MIME part: header [start, body), content [body, stop) of the message; `type` and `subtype` as sent."""

    start: int
    body: int
    fields: Fields
    type: str
    subtype: str
    parameters: dict[str, str]
    kind: Kind
    stop: int = 0
    children: list["Part"] = field(default_factory=list)


def rows(part: Part) -> list[Row]:
    """The part and all below it in the order of `parts.PartMap`."""
    below = [row for child in part.children for row in rows(child)]
    return [Row(part.start, part.body, part.stop, len(below), part.kind), *below]


@dataclass(frozen=True, slots=True)
class Written:
    """`counted`: ranges of the message whose line feeds are known, ascending: (start, stop, line feeds)."""

    body: str
    bodystructure: str
    counted: list[tuple[int, int, int]]


def written(message: bytes, part: Part) -> Written:
    if part.kind is Kind.MULTIPART:
        return _multipart(message, part)
    if part.kind is Kind.MESSAGE:
        return _message(message, part)
    return _leaf(message, part)


def _multipart(message: bytes, part: Part) -> Written:
    inner = [written(message, child) for child in part.children]
    subtype = quoted(part.subtype)
    body = f"({''.join(child.body for child in inner)} {subtype})"
    extension = f"{_parameters(part.parameters)} {_extension(part.fields)}"
    bodystructure = f"({''.join(child.bodystructure for child in inner)} {subtype} {extension})"
    return Written(body, bodystructure, [known for child in inner for known in child.counted])


def _message(message: bytes, part: Part) -> Written:
    inner = written(message, part.children[0])
    lines = _lines(message, part, inner.counted)
    shared = f"{_basic(part)} {envelope(part.children[0].fields)}"
    return Written(
        f"({shared} {inner.body} {lines})",
        f"({shared} {inner.bodystructure} {lines} {_md5(part.fields)} {_extension(part.fields)})",
        [(part.body, part.stop, lines)],
    )


def _leaf(message: bytes, part: Part) -> Written:
    shared = _basic(part)
    counted = []
    if part.kind is Kind.TEXT:
        lines = message.count(b"\n", part.body, part.stop)
        shared = f"{shared} {lines}"
        counted.append((part.body, part.stop, lines))
    return Written(f"({shared})", f"({shared} {_md5(part.fields)} {_extension(part.fields)})", counted)


def _lines(message: bytes, part: Part, known: list[tuple[int, int, int]]) -> int:
    """Line feeds of `part`, where those of the ranges in `known` need no second count."""
    total = 0
    position = part.body
    for start, stop, lines in known:
        total += message.count(b"\n", position, start) + lines
        position = stop
    return total + message.count(b"\n", position, part.stop)


def _basic(part: Part) -> str:
    """`body-fld-*` that every single part has: type, subtype, parameters, id, description, encoding, octets."""
    fields = part.fields
    return " ".join(
        (
            quoted(part.type),
            quoted(part.subtype),
            _parameters(part.parameters),
            quoted_or_nil(_first(fields, "content-id")),
            quoted_or_nil(_first(fields, "content-description")),
            quoted(encoding(fields)),
            str(part.stop - part.body),
        )
    )


def encoding(fields: Fields) -> str:
    """Content-Transfer-Encoding as sent, without comments; 7bit where it is no single token (RFC 2045 6.1)."""
    sent = _first(fields, "content-transfer-encoding")
    token = parameters.parse(sent).value.split() if sent else []
    return token[0] if len(token) == 1 else "7bit"


def _first(fields: Fields, name: str) -> str | None:
    found = fields.get(name)
    return found[0] if found else None


def _parameters(given: dict[str, str]) -> str:
    if not given:
        return "NIL"
    pairs = parameters.seven_bit(given).items()
    return "(" + " ".join(f"{quoted(name)} {quoted(value)}" for name, value in pairs) + ")"


def _md5(fields: Fields) -> str:
    return quoted_or_nil(_first(fields, "content-md5"))


def _extension(fields: Fields) -> str:
    """Disposition, language and location."""
    if "content-disposition" not in fields and "content-language" not in fields and "content-location" not in fields:
        return "NIL NIL NIL"
    location = quoted_or_nil(_first(fields, "content-location"))
    return f"{_disposition(fields)} {_language(fields)} {location}"


def _disposition(fields: Fields) -> str:
    sent = _first(fields, "content-disposition")
    if sent is None:
        return "NIL"
    found = parameters.parse(sent)
    return f"({quoted(found.value)} {_parameters(found.parameters)})" if found.value else "NIL"


def _language(fields: Fields) -> str:
    """RFC 3282 section 2: tags parted by commas; always sent as a list."""
    sent = parameters.without_comments(_first(fields, "content-language") or "")
    tags = [quoted(tag.strip(" \t")) for tag in sent.split(",") if tag.strip(" \t")]
    return f"({' '.join(tags[: parameters.MAX_PARAMETERS])})" if tags else "NIL"
