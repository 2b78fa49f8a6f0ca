"""Every command that can be meant is rendered as a client would send it, and parsed to itself."""

import base64
import dataclasses
import re
from collections.abc import Iterable, Iterator
from datetime import date
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.imap.protocol import commands as c
from bridge.imap.protocol import dates, utf7
from bridge.imap.protocol.connection import MIB, Connection, Continue, Event, after_sign_in
from bridge.imap.protocol.list_commands import RETURNS
from bridge.imap.protocol.mailbox_commands import SPECIAL_USES, STATUS_ITEMS
from bridge.imap.protocol.message_commands import RESULTS

TAGS = st.text("abcXYZ019.-_]", min_size=1, max_size=8)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda name: name == "INBOX" or name.upper() != "INBOX"
)
PATTERNS = st.text(st.sampled_from("ab/é&*% "), max_size=6)
KEYWORDS = st.text("abc$_-9", min_size=1, max_size=6)
FLAGS = st.sampled_from(["\\Seen", "\\Deleted", "\\Flagged", "\\Answered", "\\Draft"]) | KEYWORDS
FLAG_LISTS = st.lists(FLAGS, unique=True, max_size=4).map(tuple)
NUMBERS = st.integers(0, 0xFFFFFFFF)
SETS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=5).map(lambda ranges: c.SequenceSet(tuple(ranges)))
FIELDS = st.lists(st.text('abcX-9 ()"\\', min_size=1, max_size=8), min_size=1, max_size=3).map(tuple)
PARTS = st.lists(st.integers(1, 99), max_size=3).map(tuple)
FIELD_TEXTS = (c.Text.HEADER_FIELDS, c.Text.HEADER_FIELDS_NOT)


@st.composite
def sections(draw: st.DrawFn) -> c.Section:
    part = draw(PARTS)
    text = draw(st.sampled_from([text for text in c.Text if part or text is not c.Text.MIME]))
    return c.Section(part, text, draw(FIELDS) if text in FIELD_TEXTS else ())


PARTIALS = st.none() | st.tuples(NUMBERS, st.integers(1, 0xFFFFFFFF))
ITEMS = st.sampled_from(c.Item) | st.builds(c.BodyItem, sections(), st.booleans(), PARTIALS)
ITEM_LISTS = st.lists(ITEMS, min_size=1, max_size=5, unique=True).map(tuple)
DAYS = st.dates(date(1, 1, 1))

LEAVES = st.one_of(
    st.just(c.All()),
    FLAGS.map(c.HasFlag),
    st.builds(c.InSequence, SETS, st.booleans()),
    st.builds(c.SizeIs, st.booleans(), NUMBERS),
    st.builds(c.DateIs, st.sampled_from(c.DateOp), DAYS, st.booleans()),
    st.builds(c.HeaderHas, st.text("abX-", min_size=1, max_size=5), WORDS),
    WORDS.map(c.BodyHas),
    WORDS.map(c.TextHas),
)
KEYS = st.recursive(
    LEAVES,
    lambda keys: st.one_of(
        keys.map(c.Not),
        st.builds(c.Or, keys, keys),
        st.lists(keys, min_size=2, max_size=3).map(lambda several: c.And(tuple(several))),
    ),
    max_leaves=8,
)
STATUS = st.lists(st.sampled_from(sorted(STATUS_ITEMS)), unique=True, min_size=1, max_size=3).map(tuple)
SELECTIONS = st.frozensets(st.sampled_from(["SUBSCRIBED", "REMOTE", "SPECIAL-USE"]))
MOMENTS = st.none() | st.integers(-2_000_000_000, 4_000_000_000)

COMMANDS: st.SearchStrategy[c.Command] = st.one_of(
    *(st.builds(kind, TAGS) for kind in (c.Capability, c.Noop, c.Logout, c.StartTls, c.Namespace, c.Idle)),
    *(st.builds(kind, TAGS) for kind in (c.Check, c.Close, c.Unselect)),
    *(st.builds(kind, TAGS, NAMES) for kind in (c.Delete, c.Subscribe, c.Unsubscribe)),
    st.builds(c.Id, TAGS, st.none() | st.lists(st.tuples(WORDS, st.none() | WORDS), max_size=3).map(tuple)),
    st.builds(c.Authenticate, TAGS, st.sampled_from(["PLAIN", "LOGIN"]), st.none() | st.binary(max_size=20)),
    st.builds(c.Login, TAGS, WORDS, WORDS),
    st.builds(c.Select, TAGS, NAMES, st.booleans(), st.sampled_from([(), ("CONDSTORE",)])),
    st.builds(c.Create, TAGS, NAMES, st.none() | st.sampled_from(sorted(SPECIAL_USES.values()))),
    st.builds(c.Rename, TAGS, NAMES, NAMES),
    st.builds(
        c.List,
        TAGS,
        NAMES | st.just(""),
        st.lists(PATTERNS, min_size=1, max_size=3, unique=True).map(tuple),
        SELECTIONS,
        st.frozensets(st.sampled_from(sorted(RETURNS))),
        STATUS | st.just(()),
    ),
    st.builds(c.Lsub, TAGS, NAMES | st.just(""), PATTERNS),
    st.builds(c.Status, TAGS, NAMES, STATUS),
    st.builds(c.Append, TAGS, NAMES, FLAG_LISTS, MOMENTS, st.binary(max_size=60)),
    st.builds(c.Enable, TAGS, st.lists(st.sampled_from(["CONDSTORE", "X=Y"]), min_size=1).map(tuple)),
    st.builds(c.Expunge, TAGS, st.none() | SETS),
    st.builds(
        c.Fetch,
        TAGS,
        SETS,
        ITEM_LISTS,
        st.booleans(),
        st.sampled_from([(), (("CHANGEDSINCE", 0),), (("CHANGEDSINCE", 2**63 - 1),)]),
    ),
    st.builds(c.Store, TAGS, SETS, st.sampled_from(c.StoreMode), FLAG_LISTS, st.booleans(), st.booleans()),
    st.builds(c.CopyTo, TAGS, SETS, NAMES, st.booleans(), st.booleans()),
    st.builds(c.Search, TAGS, KEYS, st.booleans(), st.none() | st.frozensets(st.sampled_from(sorted(RESULTS)))),
)


class Client:
    """Renders commands; `random` chooses among the spellings that the grammar leaves open."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def case(self, word: str) -> bytes:
        return self.random.choice([word.upper(), word.lower(), word.title()]).encode()

    def string(self, value: bytes) -> bytes:
        spellings = [b"{%d}\r\n" % len(value) + value, b"{%d+}\r\n" % len(value) + value]
        if not re.search(rb"[\0\r\n]", value):
            spellings.append(b'"' + re.sub(rb'(["\\])', rb"\\\1", value) + b'"')
        return self.random.choice(spellings)

    def astring(self, value: bytes) -> bytes:
        bare = re.fullmatch(rb"[A-Za-z0-9&+,./\[\]=:;<>-]+", value)
        return value if bare and self.random.random() < 0.5 else self.string(value)

    def name(self, name: str) -> bytes:
        return self.astring(utf7.encode(name))

    def pattern(self, pattern: str) -> bytes:
        wire = utf7.encode(pattern)
        return wire if re.fullmatch(rb"[a-z&/+,%*A-Z0-9-]+", wire) else self.string(wire)

    def text(self, text: str) -> bytes:
        return self.astring(text.encode())

    def listed(self, words: Iterable[bytes | str]) -> bytes:
        return b"(" + b" ".join(word.encode() if isinstance(word, str) else word for word in words) + b")"

    def numbers(self, messages: c.SequenceSet) -> bytes:
        ends = ((b"%d" % low if low else b"*", b"%d" % high if high else b"*") for low, high in messages.ranges)
        return b",".join(low if low == high else low + b":" + high for low, high in ends)

    def item(self, item: c.Item | c.BodyItem) -> bytes:
        if isinstance(item, c.Item):
            return self.case(item.value)
        section = [str(number).encode() for number in item.section.part]
        if item.section.text is not c.Text.ALL:
            section.append(self.case(item.section.text.name.replace("_", ".")))
        fields = b" " + self.listed(map(self.text, item.section.fields)) if item.section.fields else b""
        partial = b"<%d.%d>" % item.partial if item.partial else b""
        return (b"BODY.PEEK[" if item.peek else b"BODY[") + b".".join(section) + fields + b"]" + partial

    def key(self, key: c.SearchKey) -> bytes:
        match key:
            case c.All():
                return self.case("ALL")
            case c.HasFlag(flag):
                return self.case(flag[1:]) if flag.startswith("\\") else b"KEYWORD " + flag.encode()
            case c.InSequence(messages, by_uid):
                return (b"UID " if by_uid else b"") + self.numbers(messages)
            case c.SizeIs(larger, size):
                return self.case("LARGER" if larger else "SMALLER") + b" %d" % size
            case c.DateIs(op, day, sent):
                text = dates.date_text(day)
                return self.case("SENT" * sent + op.name) + b" " + self.random.choice([text, b'"' + text + b'"'])
            case c.HeaderHas(name, text):
                return b"HEADER " + self.text(name) + b" " + self.text(text)
            case c.BodyHas(text) | c.TextHas(text):
                return (b"BODY " if isinstance(key, c.BodyHas) else b"TEXT ") + self.text(text)
            case c.Not(inner):
                return b"NOT " + self.key(inner)
            case c.Or(left, right):
                return b"OR " + self.key(left) + b" " + self.key(right)
            case c.And(keys):
                return self.listed(map(self.key, keys))
        raise AssertionError(key)

    def words(self, command: c.Command) -> Iterator[bytes]:
        """The words of `command` behind its tag."""
        if getattr(command, "by_uid", False):
            yield self.case("UID")
        match command:
            case c.Id(_, fields):
                yield self.case("ID")
                strings = (self.string(n.encode()) + b" " + self.nstring(v) for n, v in fields or ())
                yield b"nil" if fields is None else self.listed(strings)
            case c.Authenticate(_, mechanism, initial):
                yield from (self.case("AUTHENTICATE"), self.case(mechanism))
                if initial is not None:
                    yield base64.b64encode(initial) or b"="
            case c.Login(_, username, password):
                yield from (self.case("LOGIN"), self.text(username), self.text(password))
            case c.Select(_, mailbox, read_only, parameters):
                yield from (self.case("EXAMINE" if read_only else "SELECT"), self.name(mailbox))
                if parameters:
                    yield self.listed(parameters)
            case c.Create(_, mailbox, special_use):
                yield from (self.case("CREATE"), self.name(mailbox))
                if special_use:
                    yield b"(USE (" + special_use.encode() + b"))"
            case c.Rename(_, source, target):
                yield from (self.case("RENAME"), self.name(source), self.name(target))
            case c.List(_, reference, patterns, selection, returns, status):
                yield self.case("LIST")
                if selection:
                    yield self.listed(selection)
                yield self.astring(utf7.encode(reference))
                yield self.pattern(patterns[0]) if len(patterns) == 1 else self.listed(map(self.pattern, patterns))
                if returns or status:
                    yield self.case("RETURN")
                    yield self.listed([*returns, *([b"STATUS " + self.listed(status)] if status else [])])
            case c.Lsub(_, reference, pattern):
                yield from (self.case("LSUB"), self.astring(utf7.encode(reference)), self.pattern(pattern))
            case c.Status(_, mailbox, items):
                yield from (self.case("STATUS"), self.name(mailbox), self.listed(items))
            case c.Append(_, mailbox, flags, moment, message):
                yield from (self.case("APPEND"), self.name(mailbox))
                if flags:
                    yield self.listed(flags)
                if moment is not None:
                    yield dates.date_time(moment, self.random.randint(-720, 720))
                yield b"{%d%b}\r\n" % (len(message), self.random.choice([b"", b"+"])) + message
            case c.Enable(_, capabilities):
                yield from (self.case("ENABLE"), *(name.encode() for name in capabilities))
            case c.Expunge(_, uids):
                yield self.case("EXPUNGE") if uids is None else b"UID EXPUNGE " + self.numbers(uids)
            case c.Fetch(_, messages, items, _, modifiers):
                yield from (self.case("FETCH"), self.numbers(messages))
                yield self.item(items[0]) if len(items) == 1 else self.listed(map(self.item, items))
                if modifiers:
                    yield self.listed(b"%b %d" % (name.encode(), value) for name, value in modifiers)
            case c.Store(_, messages, mode, flags, silent):
                yield from (self.case("STORE"), self.numbers(messages))
                yield mode.value.encode() + self.case("FLAGS" + ".SILENT" * silent)
                yield self.listed(flags) if not flags or self.random.random() < 0.5 else " ".join(flags).encode()
            case c.CopyTo(_, messages, mailbox, _, move):
                yield from (self.case("MOVE" if move else "COPY"), self.numbers(messages), self.name(mailbox))
            case c.Search(_, key, _, returns):
                yield self.case("SEARCH")
                if returns is not None:
                    yield from (self.case("RETURN"), self.listed(returns))
                if self.random.random() < 0.5:
                    yield b"CHARSET UTF-8"
                yield self.key(key)
            case c.Delete(_, mailbox) | c.Subscribe(_, mailbox) | c.Unsubscribe(_, mailbox):
                yield from (self.case(type(command).__name__), self.name(mailbox))
            case _:
                yield self.case(type(command).__name__)

    def nstring(self, value: str | None) -> bytes:
        return self.case("NIL") if value is None else self.string(value.encode())

    def line(self, command: c.Command) -> bytes:
        return b" ".join([command.tag.encode(), *self.words(command)]) + b"\r\n"


def commands_of(connection: Connection, data: bytes, step: int) -> list[Event]:
    events: list[Event] = []
    for place in range(0, len(data), step):
        events += connection.receive(data[place : place + step])
    return [event for event in events if not isinstance(event, Continue)]


@given(st.lists(COMMANDS, min_size=1, max_size=4), st.randoms(use_true_random=False), st.integers(1, 40))
def test_what_a_client_means_is_what_the_session_gets(meant: list[c.Command], random: Random, step: int) -> None:
    data = b"".join(map(Client(random).line, meant))
    assert commands_of(Connection(after_sign_in(MIB)), data, step) == meant


@given(COMMANDS)
def test_repr_tells_no_secret(command: c.Command) -> None:
    secret = "s3cr\u20act"
    hidden: dict[str, Any] = {
        field.name: secret.encode() if isinstance(getattr(command, field.name), bytes) else secret
        for field in dataclasses.fields(command)
        if isinstance(getattr(command, field.name), str | bytes)
        and field.name not in ("tag", "mechanism", "special_use")
    }
    shown = repr(dataclasses.replace(command, **hidden))
    assert secret not in shown
    assert repr(secret.encode())[2:-1] not in shown
