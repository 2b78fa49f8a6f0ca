"""Encoded words of RFC 2047: header text ↔ Unicode.

Header values are held as `str` made by `decode("utf-8", "surrogateescape")`, so that no byte is lost: a byte that is
not UTF-8 is a lone surrogate until `unicode_of` reads it as Windows-1252. Contract: never raises, linear time.
"""

import binascii
import re

from bridge.mail.charsets import decoded, guessed

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*+)\?=")
_CHUNK = 45
"""UTF-8 octets per encoded word: 60 of base64 and 12 around them stay below the 75 of RFC 2047 section 2."""


def unicode_of(text: str) -> str:
    """`text` without lone surrogates: unlabelled 8-bit bytes are guessed (RFC 5322 gives them no meaning)."""
    if text.isascii():
        return text
    return guessed(text.encode("utf-8", "surrogateescape"))


def decoded_words(value: str) -> str:
    """The text a person reads; words that cannot be decoded stay as they were sent."""
    if "=?" not in value:
        return unicode_of(value)
    out: list[str] = []
    run: list[bytes] = []
    run_charset = ""
    end = 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        charset = word[1].partition("*")[0].lower()
        adjacent = bool(run) and not between.strip(" \t\r\n")
        if not adjacent or charset != run_charset:
            out.append(decoded(b"".join(run), run_charset))
            out.append("" if adjacent else unicode_of(between))
            run, run_charset = [], charset
        run.append(_octets(word[2], word[3]))
        end = word.end()
    out.append(decoded(b"".join(run), run_charset))
    out.append(unicode_of(value[end:]))
    return "".join(out)


def _octets(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return binascii.a2b_qp(data.replace(b" ", b"_"), header=True)
    return base64_octets(data)


_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


def base64_octets(data: bytes) -> bytes:
    """What can be decoded of `data`; foreign characters are skipped (RFC 2045 section 6.8), a cut tail is dropped."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        kept = data.translate(None, _NOT_BASE64)
        kept = kept[:-1] if len(kept) % 4 == 1 else kept
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def encoded_words(text: str) -> str:
    """`text` in 7 bits: unchanged if it is ASCII, else all of it as UTF-8 encoded words."""
    return text if text.isascii() else in_words(decoded_words(text))


def in_words(text: str) -> str:
    """All of `text` as UTF-8 encoded words, separated by blanks that are not part of it."""
    octets = text.encode("utf-8", "replace")
    words = []
    start = 0
    while start < len(octets):
        stop = min(start + _CHUNK, len(octets))
        while stop < len(octets) and octets[stop] & 0xC0 == 0x80:
            stop -= 1
        words.append("=?utf-8?b?" + binascii.b2a_base64(octets[start:stop], newline=False).decode("ascii") + "?=")
        start = stop
    return " ".join(words)
