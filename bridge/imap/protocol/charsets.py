"""Charsets that SEARCH takes (RFC 3501 section 6.4.4): US-ASCII, UTF-8 and the ISO-8859 and Windows-125x families.

Only names of these families reach Python's codec registry, which would import a module for any other.
"""

import codecs
import re

from bridge.imap.protocol.errors import BadCharset, ParseError

_FAMILIES = re.compile(r"(?:iso[-_]?8859[-_][0-9]{1,2}|(?:windows[-_]|cp)125[0-8]|latin-?1|us-ascii|ascii|utf-?8)")


def codec(name: str) -> str:
    """Python's name of the charset `name`; BadCharset if it is not known here."""
    name = name.lower()
    if not _FAMILIES.fullmatch(name):
        raise BadCharset
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise BadCharset from None


def decode(wire: bytes, charset: str) -> str:
    """Unicode of `wire`, `charset` being a result of `codec`; ParseError where the bytes are not of it."""
    try:
        return wire.decode(charset)
    except UnicodeDecodeError:
        raise ParseError("Search text is not in its charset") from None
