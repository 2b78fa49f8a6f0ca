"""What FETCH asks for (RFC 3501 sections 6.4.5 and 9)."""

import re

from bridge.imap.protocol.commands import BodyItem, Item, Section, Text
from bridge.imap.protocol.errors import ParseError
from bridge.imap.protocol.lexer import MAX_NUMBER, Lexer

FetchItem = Item | BodyItem

MAX_ITEMS = 1000
"""Distinct items in one FETCH; clients ask for some dozens, one or two for each part of a message."""

_ITEMS = {item.value: item for item in Item}
_FAST = (Item.FLAGS, Item.INTERNALDATE, Item.RFC822_SIZE)
_MACROS: dict[str, tuple[FetchItem, ...]] = {
    "FAST": _FAST,
    "ALL": (*_FAST, Item.ENVELOPE),
    "FULL": (*_FAST, Item.ENVELOPE, Item.BODY),
}
_PARTS = re.compile(rb"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*+")
_FIELD_NAME = re.compile(rb"[\x20-\x39\x3b-\x7e]+")
_PLAIN_FIELDS = re.compile(rb"\([A-Za-z0-9-]++(?: [A-Za-z0-9-]++)*+\)")
_TEXTS = {
    "HEADER": Text.HEADER,
    "TEXT": Text.TEXT,
    "MIME": Text.MIME,
    "HEADER.FIELDS": Text.HEADER_FIELDS,
    "HEADER.FIELDS.NOT": Text.HEADER_FIELDS_NOT,
}


def fetch_items(lexer: Lexer) -> tuple[FetchItem, ...]:
    """`"ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")"`; macros expanded, each item once."""
    if lexer.at(b"("):
        items = tuple(dict.fromkeys(lexer.parenthesised(lambda: _fetch_att(lexer))))
        if not items:
            raise ParseError("FETCH of nothing")
        if len(items) > MAX_ITEMS:
            raise ParseError("Too many FETCH items")
        return items
    name = lexer.name()
    return _MACROS.get(name) or (_named(lexer, name),)


def _fetch_att(lexer: Lexer) -> FetchItem:
    """`fetch-att = "ENVELOPE" / … / "BODY" section ["<" number "." nz-number ">"] / "BODY.PEEK" section …`."""
    return _named(lexer, lexer.name())


def _named(lexer: Lexer, name: str) -> FetchItem:
    if name in ("BODY", "BODY.PEEK") and lexer.at(b"["):
        return BodyItem(section(lexer), name == "BODY.PEEK", _partial(lexer))
    item = _ITEMS.get(name)
    if item is None:
        raise ParseError("FETCH item not known")
    return item


def section(lexer: Lexer) -> Section:
    """`section = "[" [section-spec] "]"`."""
    lexer.expect(b"[")
    if lexer.accept(b"]"):
        return _WHOLE
    part = _part(lexer)
    found = _section_text(lexer, part) if not part or lexer.accept(b".") else Section(part)
    lexer.expect(b"]")
    return found


_WHOLE = Section()


def _part(lexer: Lexer) -> tuple[int, ...]:
    """`section-part = nz-number *("." nz-number)`."""
    path = lexer.match(_PARTS)
    if path is None:
        return ()
    part = tuple(map(int, path.split(b".")))
    if max(part) > MAX_NUMBER:
        raise ParseError("Number too large")
    return part


def _section_text(lexer: Lexer, part: tuple[int, ...]) -> Section:
    """`section-text = section-msgtext / "MIME"`; MIME only after a part."""
    text = _TEXTS.get(lexer.name())
    if text is None or (text is Text.MIME and not part):
        raise ParseError("Section not known")
    if text not in (Text.HEADER_FIELDS, Text.HEADER_FIELDS_NOT):
        return Section(part, text)
    lexer.space()
    return Section(part, text, _header_list(lexer))


def _header_list(lexer: Lexer) -> tuple[str, ...]:
    """`header-list = "(" header-fld-name *(SP header-fld-name) ")"`; the plain list that clients send, in one go."""
    plain = lexer.match(_PLAIN_FIELDS)
    if plain is not None:
        return tuple(plain[1:-1].decode("ascii").split(" "))
    names = lexer.parenthesised(lambda: field_name(lexer))
    if not names:
        raise ParseError("Header field names missing")
    return tuple(names)


def field_name(lexer: Lexer) -> str:
    """`header-fld-name = astring`, held to printable ASCII without `:`, since it comes back in the answer."""
    name = lexer.astring()
    if not _FIELD_NAME.fullmatch(name):
        raise ParseError("Header field name expected")
    return name.decode("ascii")


def _partial(lexer: Lexer) -> tuple[int, int] | None:
    """`"<" number "." nz-number ">"`."""
    if not lexer.accept(b"<"):
        return None
    start = lexer.number()
    lexer.expect(b".")
    count = lexer.nz_number()
    lexer.expect(b">")
    return start, count
