"""Modified UTF-7, the spelling of mailbox names on the wire (RFC 3501 section 5.1.3).

`encode` gives the one right spelling of a name; `decode` takes that spelling and no other, so that two different
byte strings never name one mailbox. Works in both directions on whole names, hierarchy delimiters included.
"""

import base64
import binascii
import re

from bridge.imap.protocol.errors import InvalidName

_ENCODED = re.compile(r"[^\x20-\x7e]+|&")
_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)(-?)")
_PLAIN = re.compile(rb"[\x20-\x25\x27-\x7e]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def encode(name: str) -> bytes:
    """`name` in modified UTF-7; a lone surrogate raises InvalidName."""
    if name.isascii() and name.isprintable() and "&" not in name:
        return name.encode("ascii")
    return _ENCODED.sub(_shift, name).encode("ascii")


def decode(wire: bytes) -> str:
    """The name that `wire` spells; InvalidName for a raw `&`, 8-bit bytes, controls or any other spelling of it."""
    if _PLAIN.fullmatch(wire):
        return wire.decode("ascii")
    if not wire.isascii():
        raise InvalidName("Mailbox name holds 8-bit characters: encode them in modified UTF-7")
    name = _SHIFTED.sub(_unshift, wire).decode("utf-8")
    refuse_controls(name)
    if encode(name) != wire:
        raise InvalidName("Mailbox name is not modified UTF-7 in its shortest form")
    return name


def refuse_controls(name: str) -> None:
    """InvalidName where a name holds C0 or C1 controls or DEL: they have no place on a terminal or in a log."""
    if _CONTROL.search(name):
        raise InvalidName("Mailbox name holds control characters")


def _shift(found: re.Match[str]) -> str:
    if found[0] == "&":
        return "&-"
    try:
        units = found[0].encode("utf-16-be")
    except UnicodeEncodeError:
        raise InvalidName("Mailbox name holds half a surrogate pair") from None
    return "&" + base64.b64encode(units, b"+,").decode("ascii").rstrip("=") + "-"


def _unshift(found: re.Match[bytes]) -> bytes:
    encoded, end = found[1], found[2]
    if not end:
        raise InvalidName("Mailbox name holds an & that begins no modified UTF-7; write it as &-")
    if not encoded:
        return b"&"
    try:
        units = base64.b64decode(encoded + b"=" * (-len(encoded) % 4), b"+,", validate=True)
        return units.decode("utf-16-be").encode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidName("Mailbox name is not modified UTF-7") from None
