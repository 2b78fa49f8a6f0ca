"""What a DKIM signature is made over: tag lists, header fields and body in their canonical forms (RFC 6376).

Contract: functions of bytes alone; time grows with the input and not faster, whatever stands in it. Messages are in
CRLF form, without a bare CR or LF.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

_TAG = re.compile(rb"\s*([A-Za-z][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)
_FIELD = re.compile(rb"^[^ \t\r\n][^\n]*+(?:\n[ \t][^\n]*+)*+\n?", re.MULTILINE)
_SIGNATURE_VALUE = re.compile(rb"((?:^|;)\s*b\s*=)[^;]*+")
_BLANKS = re.compile(rb"[ \t]+")


def tags(value: bytes) -> dict[str, bytes]:
    """A tag list (section 3.2), values as they stand, trimmed. ValueError: it is none, or says a thing twice."""
    found: dict[str, bytes] = {}
    parts = value.split(b";")
    for part in parts[:-1] if not parts[-1].strip() else parts:
        match = _TAG.fullmatch(part)
        if match is None or match[1].decode() in found:
            raise ValueError("tag list")
        found[match[1].decode()] = match[2].strip()
    return found


def fields(header: bytes) -> list[tuple[bytes, bytes]]:
    """(name as written, value with its line end) of each field of a header block, in order."""
    found = (field.partition(b":") for field in _FIELD.findall(header))
    return [(name, value) for name, colon, value in found if colon]


def signed_header(
    found: Sequence[tuple[bytes, bytes]], names: Sequence[bytes], signature: tuple[bytes, bytes], form: bytes
) -> bytes:
    """What the value `b=` signs (sections 3.4, 3.7, 5.4.2): the fields `names`, each from the last upwards, then the
    signature's own without the value. `form` is `simple` or `relaxed`.
    """
    named: defaultdict[bytes, list[tuple[bytes, bytes]]] = defaultdict(list)
    for field in found:
        named[field[0].strip().lower()].append(field)
    chosen = [named[name].pop() for name in names if named.get(name)]
    own = (signature[0], _SIGNATURE_VALUE.sub(rb"\1", signature[1]))
    return b"".join(_field(field, form) for field in chosen) + _field(own, form).removesuffix(b"\r\n")


def _field(field: tuple[bytes, bytes], form: bytes) -> bytes:
    name, value = field
    if form == b"simple":
        return name + b":" + value.removesuffix(b"\r\n") + b"\r\n"
    unfolded = value.replace(b"\r\n", b"")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", unfolded).strip(b" \t") + b"\r\n"


def body(octets: bytes, form: bytes) -> bytes:
    """Sections 3.4.3 and 3.4.4. `form` is `simple` or `relaxed`.

    Runs of blanks are halved until there are none: an expression for them would be tried from each blank anew.
    """
    if form == b"relaxed":
        octets = octets.replace(b"\t", b" ")
        while b"  " in octets:
            octets = octets.replace(b"  ", b" ")
        octets = octets.replace(b" \r\n", b"\r\n")
    octets = octets.rstrip(b"\r\n")
    return octets + b"\r\n" if octets or form == b"simple" else b""
