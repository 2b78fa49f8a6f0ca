"""Bytes in a named charset → text, whatever the name and the bytes (RFC 2045 section 5.1, RFC 2047 section 2).

Contract: never raises, time linear in the input. A name that Python does not know, or whose codec is no plain
charset (punycode and idna take quadratic time), falls back to UTF-8 and then to Windows-1252, the two charsets that
unlabelled mail is nearly always in.
"""

import codecs
from functools import lru_cache

_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "unicode_escape", "raw-unicode-escape"})
_WIDER = {
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
"""Charsets whose label is commonly put on text of a superset, by Python's own name of the codec."""
_NAMES = {"iso-8859-8-i": "iso-8859-8", "iso-8859-6-i": "iso-8859-6", "windows-874": "cp874", "x-gbk": "gb18030"}
_LONGEST_NAME = 40
_PROBE = bytes(range(128)) + b'+AOk- ~{<:Ky2;~} \x1b$B$"\x1b(B'
"""ASCII with shifts of UTF-7, HZ and ISO-2022: only these and the wide charsets read it as anything else."""


@lru_cache(maxsize=128)
def _codec(name: str) -> tuple[str | None, bool]:
    """The codec to decode `name` with, None where it should be guessed; and whether ASCII bytes mean ASCII in it."""
    plain = name.strip().lower()
    try:
        found = codecs.lookup(_NAMES.get(plain, plain)).name
        if found in _NO_CHARSETS or found == "ascii":
            return None, True
        transparent = _PROBE.decode(found, "replace") == _PROBE.decode("ascii")
    except (LookupError, ValueError):
        return None, True
    return _WIDER.get(found, found), transparent


def decoded(data: bytes, charset: str) -> str:
    """`data` as text; undecodable bytes become U+FFFD. US-ASCII counts as unlabelled: its senders use 8 bits too."""
    codec, transparent = _codec(charset) if len(charset) <= _LONGEST_NAME else (None, True)
    if transparent and data.isascii():
        return data.decode("ascii")
    if codec is None:
        return guessed(data)
    try:
        return data.decode(codec, "replace")
    except (LookupError, ValueError):
        return guessed(data)


def guessed(data: bytes) -> str:
    """Text of no known charset: UTF-8 if it is valid UTF-8, else Windows-1252."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
