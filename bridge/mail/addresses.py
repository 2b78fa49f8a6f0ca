"""Address lists of From, To and their like (RFC 5322 section 3.4, with the obsolete forms of section 4.4).

Contract: never raises, linear time, at most 1000 addresses; what is no address is kept as one without domain, as far
as it has text. Two ways: a common address is matched by one expression; anything else is cut into tokens, which takes
a hundred times as long: of that, 16 KiB of a field are read, and nothing that would end beyond. `is_read_whole` says
whether something was left; who has to be sure asks that first.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bridge.mail import headers

MAX_ADDRESSES = 1000
MAX_UNCOMMON = 16_384
"""Characters of one field that are cut into tokens."""


@dataclass(frozen=True, slots=True)
class Address:
    """`name`: display name without quoting, encoded words as sent; None if there is none.

    `route`: the obsolete source route (`@a,@b`). An address without domain has an empty `domain`.
    """

    name: str | None
    local: str
    domain: str
    route: str | None = None

    @property
    def mailbox(self) -> str:
        """`local@domain` with the domain in lower case, to compare with."""
        return f"{self.local}@{self.domain.lower()}" if self.domain else self.local


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    members: tuple[Address, ...]


_ATOM = r'[^()<>@,;:\\"\[\] \t\r\n]'
_PHRASE = r'[^()<>@,;:\\"\[\]\r\n]'
_COMMON = re.compile(
    rf'[ \t]*+(?:(?:"([^"\\\r\n]*+)"[ \t]*+|({_PHRASE}*+))<({_ATOM}++)@({_ATOM}++)>|({_ATOM}++)@({_ATOM}++))'
    r"[ \t]*+(?:,|\Z)"
)
_EMPTY = re.compile(r"[, \t\r\n]++")
_TOKEN = re.compile(
    rf'(?P<space>[ \t\r\n]++)|(?P<atom>{_ATOM}++)|(?P<quoted>"(?:[^"\\]++|\\.)*+"?)'
    r"|(?P<literal>\[[^\]]*+\]?)|(?P<special>.)",
    re.DOTALL,
)
_COMMENT_MARK = re.compile(r"[()]|\\.", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ENCODED_WORD = re.compile(r"=\?[^? \t]++\?[bq]\?[^? \t]*+\?=", re.IGNORECASE)
_AROUND = re.compile(r" ?([@.]) ?")
_BETWEEN = re.compile(r'[()<>,;:\\"\[\] ]')


@dataclass(frozen=True, slots=True)
class _Token:
    """kind: space, atom, quoted (text without quoting), literal, comment (text inside) or special."""

    kind: str
    text: str


_ANGLE, _CLOSE = _Token("special", "<"), _Token("special", ">")
_AT, _COLON = _Token("special", "@"), _Token("special", ":")


def parse(value: str) -> tuple[Address | Group, ...]:
    """The addresses of a field's value, in order; groups keep their members."""
    found: list[Address | Group] = []
    budget, room = MAX_ADDRESSES, MAX_UNCOMMON
    position = 0
    while position < len(value) and budget > 0:
        empty = _EMPTY.match(value, position)
        if empty:
            position = empty.end()
            continue
        common = _COMMON.match(value, position)
        if common:
            found.append(_common_address(common))
            position = common.end()
            budget -= 1
            continue
        start, stop = position, min(position + room, len(value))
        item, position = _Item(value, start, stop).read(budget)
        if position == stop < len(value):
            if isinstance(item, Group):
                found.append(Group(item.name, item.members[:-1]))
            break
        room -= position - start
        if item is not None:
            found.append(item)
            budget -= len(item.members) + 1 if isinstance(item, Group) else 1
    return tuple(found)


def flat(items: Iterable[Address | Group]) -> tuple[Address, ...]:
    """All addresses, those inside groups too."""
    return tuple(address for item in items for address in (item.members if isinstance(item, Group) else (item,)))


def weight(items: Iterable[Address | Group]) -> int:
    """What `items` took of the 1000: nothing was left unread if it is less."""
    return sum(len(item.members) + 1 if isinstance(item, Group) else 1 for item in items)


def is_read_whole(value: str) -> bool:
    """Whether `parse` and `in_the_open` see every character of a field, whatever is in it."""
    return len(value) <= MAX_UNCOMMON


def in_the_open(value: str) -> list[str]:
    """Each `local@domain` outside quoted strings, comments and encoded words, wherever it stands; of a long field the
    beginning.

    Parsers differ on malformed values (`<a@b> <c@d>`, `c@d <a@b>`): this is what any of them may take for an address.
    """
    shown = []
    start = 0
    for token, stop in _tokens(value, 0, min(MAX_UNCOMMON, len(value))):
        raw, start = value[start:stop], stop
        closed = {"quoted": '"', "comment": ")"}.get(token.kind)
        shown.append(" " if closed and len(raw) > 1 and raw.endswith(closed) else raw)
    text = " ".join(_ENCODED_WORD.sub(" ", "".join(shown)).split())
    pieces = (piece.strip("@") for piece in _BETWEEN.split(_AROUND.sub(r"\1", text)))
    return [piece for piece in pieces if "@" in piece]


def addresses_of(header: bytes, name: str) -> tuple[Address, ...]:
    """All addresses of every field `name` of a header block, groups opened; at most 1000."""
    return addresses_in(headers.values(header, name))


def addresses_in(values: Iterable[str]) -> tuple[Address, ...]:
    """Likewise of field values that were found already. None at all of one that is not read whole: it is nobody's
    who reads on.
    """
    found: list[Address] = []
    for value in values:
        if not is_read_whole(value):
            return ()
        found.extend(flat(parse(value)))
        if len(found) >= MAX_ADDRESSES:
            break
    return tuple(found[:MAX_ADDRESSES])


def _common_address(found: re.Match[str]) -> Address:
    if found[5] is not None:
        return Address(None, found[5], found[6])
    name = found[1] if found[1] is not None else " ".join(found[2].split())
    return Address(name or None, found[3], found[4])


def _tokens(value: str, position: int, end: int) -> Iterator[tuple[_Token, int]]:
    """Each token before `end` with the position after it; comments in one piece, however deep."""
    while position < end:
        if value[position] == "(":
            stop = _comment_end(value, position, end)
            yield _Token("comment", _comment_text(value[position:stop])), stop
        else:
            found = _TOKEN.match(value, position, end)
            assert found is not None
            stop = found.end()
            kind = found.lastgroup or "special"
            yield _Token(kind, _unquoted(found[0]) if kind == "quoted" else found[0]), stop
        position = stop


def _comment_end(value: str, start: int, end: int) -> int:
    depth = 0
    for mark in _COMMENT_MARK.finditer(value, start, end):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    return end


def _comment_text(comment: str) -> str:
    inner = comment[1:-1] if len(comment) > 1 and comment.endswith(")") else comment[1:]
    return " ".join((_ESCAPE.sub(r"\1", inner) if "\\" in inner else inner).split())


def _unquoted(quoted: str) -> str:
    inner = quoted[1:-1] if len(quoted) > 1 and quoted.endswith('"') else quoted[1:]
    return _ESCAPE.sub(r"\1", inner) if "\\" in inner else inner


class _Item:
    """Reads one address or group from `position` on, up to and with the comma that ends it, or up to `stop`."""

    def __init__(self, value: str, position: int, stop: int) -> None:
        self._tokens = _tokens(value, position, stop)
        self._position = position

    def read(self, budget: int) -> tuple[Address | Group | None, int]:
        """The item, None for an empty one, and where the next begins."""
        tokens, end = self._up_to(",;:")
        if end == ":" and _AT not in tokens:
            return Group(_phrase(tokens), tuple(self._members(budget))), self._position
        return _address(tokens), self._position

    def _members(self, budget: int) -> Iterator[Address]:
        """RFC 5322 section 3.4 `group-list`, up to its semicolon; a group in a group is not opened."""
        end = ","
        while end in (",", ":") and budget > 0:
            tokens, end = self._up_to(",;:")
            address = _address(tokens)
            if address is not None:
                budget -= 1
                yield address

    def _up_to(self, ends: str) -> tuple[list[_Token], str]:
        """Tokens before the next of `ends` outside an angle address, and that end ("" at the end of the value)."""
        tokens: list[_Token] = []
        angle: list[_Token] | None = None
        for token, after in self._tokens:
            self._position = after
            if token.kind == "special":
                if angle is None and token.text == "<":
                    angle = []
                elif token.text == ">":
                    angle = None
                elif token.text in ends and not _is_route(angle):
                    return tokens, token.text
            if angle is not None and token.kind != "space" and token.text != "<":
                angle.append(token)
            tokens.append(token)
        return tokens, ""


def _is_route(angle: list[_Token] | None) -> bool:
    """Inside `<@a,@b:local@domain>` commas and the colon belong to the address."""
    return angle is not None and angle[:1] == [_AT]


def _address(tokens: list[_Token]) -> Address | None:
    comments = [token.text for token in tokens if token.kind == "comment" and token.text]
    comment = comments[-1] if comments else None
    tokens = [token for token in tokens if token.kind != "comment"]
    if _ANGLE not in tokens:
        return _bare(tokens, comment)
    opening = tokens.index(_ANGLE)
    closing = tokens.index(_CLOSE, opening) if _CLOSE in tokens[opening:] else len(tokens)
    route, inside = _routed(tokens[opening + 1 : closing])
    name = _phrase(tokens[:opening]) or None
    local, domain = _split(inside)
    if name is None and not local and not domain:
        return None
    return Address(name or comment, local, domain, route)


def _routed(inside: list[_Token]) -> tuple[str | None, list[_Token]]:
    """The obsolete source route before the colon (RFC 5322 section 4.4 `obs-route`) and what follows it."""
    if not _is_route(inside) or _COLON not in inside:
        return None, inside
    colon = inside.index(_COLON)
    return _dense(inside[:colon]), inside[colon + 1 :]


def _bare(tokens: list[_Token], comment: str | None) -> Address | None:
    """`local@domain` without angle brackets; without @, one word is taken for a local part and more for a name."""
    if _AT in tokens:
        local, domain = _split(tokens)
        return Address(comment, local, domain) if local or domain else None
    phrase = _phrase(tokens)
    if " " in phrase:
        return Address(phrase, "", "")
    return Address(comment, phrase, "") if phrase else None


def _split(tokens: list[_Token]) -> tuple[str, str]:
    """Local part and domain around the last @: a text with two of them is never taken for a shorter address."""
    last = max((i for i, token in enumerate(tokens) if token == _AT), default=len(tokens))
    return _dense(tokens[:last]), _dense(tokens[last + 1 :])


def _dense(tokens: list[_Token]) -> str:
    """Text without the white space that RFC 5322 section 4.4 allows around dots and @; other space stays visible."""
    pieces: list[str] = []
    spaced = False
    for token in tokens:
        if token.kind == "space":
            spaced = bool(pieces)
            continue
        if spaced and not pieces[-1].endswith((".", "@", ",")) and not token.text.startswith((".", "@", ",")):
            pieces.append(" ")
        pieces.append(token.text)
        spaced = False
    return "".join(pieces)


def _phrase(tokens: list[_Token]) -> str:
    """Words joined by one space where white space stood between them."""
    text = "".join(" " if token.kind == "space" else token.text for token in tokens if token.kind != "comment")
    return text.strip(" ")
