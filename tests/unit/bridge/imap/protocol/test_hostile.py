"""Bytes that no client would send: never an exception, never a hang, memory and time in proportion to the input."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.imap.protocol.commands import Append, Command, Noop
from bridge.imap.protocol.connection import (
    BEFORE_SIGN_IN,
    KIB,
    MIB,
    Connection,
    Continue,
    Event,
    Goodbye,
    Limits,
    Refusal,
    after_sign_in,
)
from bridge.imap.protocol.errors import ProtocolError
from bridge.imap.protocol.parser import parse

WORDS = b"a1 |a2 |LOGIN|UID |FETCH |SEARCH |APPEND x |LIST |ID |ALL|OR |NOT |BODY[|HEADER.FIELDS|CHARSET |UTF-8"
MORE_WORDS = b"STORE |FLAGS|DONE|IDLE|RETURN |1-Jan-2020|CREATE |USE|1:*|{3}|{3+}|{99999+}|{0+}|<0.1>|="
SIGNS = [b"\r\n", b"\n", b"\r", b"(", b")", b"[", b"]", b'"', b"\\", b"*", b"%", b"&", b"\0", b"\xff", b" "]
PIECES = st.sampled_from([*WORDS.split(b"|"), *MORE_WORDS.split(b"|"), *SIGNS])
NOISE = st.lists(PIECES | st.binary(max_size=4), max_size=40).map(b"".join)
SMALL = Limits(line=60, literal=20, literals=30, message=40, depth=3, discard=100, bad_commands=4)
LIMITS = st.sampled_from([BEFORE_SIGN_IN, after_sign_in(MIB), SMALL])


def events_of(limits: Limits, pieces: list[bytes]) -> list[Event]:
    connection = Connection(limits)
    return [event for piece in pieces for event in connection.receive(piece)]


def told(events: list[Event]) -> list[object]:
    return [event.wire if isinstance(event, Refusal) else event for event in events]


@given(NOISE, LIMITS, st.lists(st.integers(1, 30), max_size=30))
def test_the_same_events_however_the_bytes_are_cut(noise: bytes, limits: Limits, cuts: list[int]) -> None:
    whole = told(events_of(limits, [noise]))
    pieces, place = [], 0
    for cut in cuts:
        pieces.append(noise[place : place + cut])
        place += cut
    assert told(events_of(limits, [*pieces, noise[place:]])) == whole
    assert told(events_of(limits, [noise[at : at + 1] for at in range(len(noise))])) == whole


@given(NOISE, st.booleans())
def test_idle_and_sasl_take_anything(noise: bytes, idle: bool) -> None:
    connection = Connection(SMALL)
    if idle:
        connection.idle()
    else:
        connection.challenge(b"")
    for event in connection.receive(noise):
        assert isinstance(getattr(event, "wire", b""), bytes)


def parsed(text: bytes, literals: list[bytes], utf8: bool) -> Command | ProtocolError:
    try:
        return parse(text, literals, utf8=utf8)
    except ProtocolError as error:
        return error


@given(NOISE | st.binary(max_size=60), st.lists(st.binary(max_size=5), max_size=3), st.booleans())
def test_the_parser_refuses_or_parses(noise: bytes, literals: list[bytes], utf8: bool) -> None:
    announced = b" ".join([b"a1 SEARCH", *(b"TEXT {%d+}\r\n" % len(literal) for literal in literals)])
    for text in (noise.replace(b"{", b""), announced):
        assert isinstance(parsed(text, literals, utf8), Command | ProtocolError)


@given(st.sampled_from(["LOGIN", "SEARCH", "FETCH 1", "LIST", "ID", "STATUS x", "STORE 1"]), NOISE)
def test_arguments_at_random(verb: str, noise: bytes) -> None:
    line = noise.replace(b"\n", b"").replace(b"{", b"")
    assert isinstance(parsed(b"a1 " + verb.encode() + b" " + line, [], utf8=False), Command | ProtocolError)


def seconds(limits: Limits, data: bytes, step: int = 64 * KIB) -> tuple[float, list[Event]]:
    pieces = [data[place : place + step] for place in range(0, len(data), step)]
    start = time.thread_time()
    events = events_of(limits, pieces)
    return time.thread_time() - start, events


SIGNED_IN = after_sign_in(100 * MIB)

HOSTILE: dict[str, Callable[[int], bytes]] = {
    "nested lists": lambda n: b"a SEARCH " + b"(" * n,
    "nested lists in FETCH": lambda n: b"a FETCH 1 " + b"(" * n,
    "nested lists in ID": lambda n: b"a ID " + b"(" * n,
    "unterminated quoted": lambda n: b'a LOGIN "' + b"x" * n,
    "unterminated quoted of escapes": lambda n: b'a LOGIN "' + b'\\"' * (n // 2),
    "OR of OR": lambda n: b"a SEARCH " + b"OR " * (n // 3),
    "many keys": lambda n: b"a SEARCH" + b" ALL" * (n // 4),
    "many flags": lambda n: b"a STORE 1 FLAGS" + b" x" * (n // 2),
    "many ranges": lambda n: b"a FETCH " + b"1:2," * (n // 4) + b"5 FLAGS",
    "commas": lambda n: b"a FETCH " + b"," * n,
    "digits": lambda n: b"a FETCH " + b"1" * n,
    "a long part": lambda n: b"a FETCH 1 BODY[" + b"1." * (n // 2) + b"1]",
    "a long number": lambda n: b"a SEARCH LARGER " + b"1" * n,
    "many shifts": lambda n: b"a SELECT " + b"&-" * (n // 2),
    "one long shift": lambda n: b"a SELECT &" + b"A" * n,
    "ampersands": lambda n: b"a SELECT " + b"&" * n,
    "many patterns": lambda n: b'a LIST "" (' + b"* " * (n // 2),
    "empty literals": lambda n: b"a LOGIN" + b" {0+}\r\n" * (n // 8),
    "spaces": lambda n: b"a NOOP" + b" " * n,
    "spaces and a word": lambda n: b"a SEARCH ALL" + b" " * n + b"x",
    "header fields": lambda n: b"a FETCH 1 BODY[HEADER.FIELDS (" + b"a " * (n // 2) + b'"',
    "a long tag": lambda n: b"a" * n,
    "carriage returns": lambda n: b"a " + b"\r" * n,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_time_is_linear_in_the_command(kind: str) -> None:
    half, whole = (
        min(seconds(SIGNED_IN, HOSTILE[kind](size) + b"\r\n")[0] for _ in range(2)) for size in (450_000, 900_000)
    )
    assert whole < max(4 * half, 0.1)
    assert whole < 2


def test_nested_lists_beyond_the_line_limit_are_one_refusal() -> None:
    took, events = seconds(SIGNED_IN, b"a SEARCH " + b"(" * 10_000_000 + b"\r\nb NOOP\r\n")
    assert [type(event) for event in events] == [Refusal, Noop]
    assert took < 2


def test_a_line_without_end_keeps_no_more_than_its_limit() -> None:
    connection = Connection(SIGNED_IN)
    for _ in range(100):
        list(connection.receive(b"a" * 100 * KIB))
        assert connection.buffered <= MIB + 100 * KIB
    assert connection.buffered < KIB


@pytest.mark.parametrize("size", [MIB, 50 * MIB])
def test_large_messages_are_gathered_once(size: int) -> None:
    data = b"a APPEND x {%d+}\r\n" % size + b"m" * size + b"\r\n"
    took, events = seconds(SIGNED_IN, data, 128 * KIB)
    assert [len(event.message) for event in events if isinstance(event, Append)] == [size]
    assert took < 2


def test_a_message_in_tiny_pieces() -> None:
    data = b"a APPEND x {400000+}\r\n" + b"m" * 400_000 + b"\r\n"
    took, events = seconds(SIGNED_IN, data, 3)
    assert [type(event) for event in events] == [Append]
    assert took < 5


def test_literals_add_up() -> None:
    bomb = b"a SEARCH" + b" TEXT {100000+}\r\n".join([b""] + [b"x" * 100_000] * 20) + b"\r\nb NOOP\r\n"
    _, events = seconds(SIGNED_IN, bomb)
    assert [getattr(event, "wire", event) for event in events] == [b"a BAD Literal too long\r\n", Noop("b")]


def test_literals_that_are_announced_without_end_are_not_read_without_end() -> None:
    stream = b"a LOGIN {5000+}\r\n" + (b"x" * 5000 + b"{5000+}\r\n") * 100
    _, events = seconds(BEFORE_SIGN_IN, stream)
    assert [type(event) for event in events] == [Refusal, Goodbye]


def test_a_synchronising_literal_in_a_refused_command_ends_it() -> None:
    _, events = seconds(BEFORE_SIGN_IN, b"a LOGIN {5000+}\r\n" + b"x" * 5000 + b" {5}\r\nb NOOP\r\n")
    assert [type(event) for event in events] == [Refusal, Noop]


def test_many_commands_in_one_read_come_in_order() -> None:
    data = b"".join(b"t%d NOOP\r\n" % number for number in range(50_000))
    took, events = seconds(SIGNED_IN, data, 256 * KIB)
    assert [event.tag for event in events if isinstance(event, Noop)] == [f"t{number}" for number in range(50_000)]
    assert took < 5


def test_no_event_follows_goodbye() -> None:
    connection = Connection()
    events = list(connection.receive(b"x\r\n" * 100))
    assert [type(event) for event in events] == [Refusal] * 11 + [Goodbye]
    assert list(connection.receive(b"a NOOP\r\n")) == []
    assert connection.buffered == 0


@pytest.mark.parametrize("last", [b"a LOGIN {5000}\r\n", b"a LOGIN {5000+}\r\n", b"a LOGIN " + b"x" * 9000])
def test_goodbye_comes_once_whatever_was_refused_last(last: bytes) -> None:
    events = events_of(BEFORE_SIGN_IN, [b"x\r\n" * 10 + last, b"x" * 5000 + b"\r\nb NOOP\r\n" * 20])
    assert [type(event) for event in events] == [Refusal] * 11 + [Goodbye]


def test_a_line_without_end_before_sign_in_ends_the_connection() -> None:
    _, events = seconds(BEFORE_SIGN_IN, b"a LOGIN " + b"x" * 100 * KIB)
    assert [type(event) for event in events] == [Refusal, Goodbye]


@pytest.mark.parametrize(
    "line", [b'a LOGIN u "s3cr\xe9t"\r\n', b"a AUTHENTICATE PLAIN s3cret\r\n", b"a LOGIN u s3cret (\r\n"]
)
def test_a_refusal_keeps_nothing_of_what_was_sent(line: bytes) -> None:
    (event,) = events_of(BEFORE_SIGN_IN, [line])
    assert isinstance(event, Refusal)
    assert (event.error.__traceback__, event.error.__context__) == (None, None)
    assert b"s3c" not in event.wire


def test_a_good_command_forgives_bad_ones() -> None:
    events = events_of(BEFORE_SIGN_IN, [b"x\r\n" * 10 + b"a NOOP\r\n" + b"x\r\n" * 10 + b"b NOOP\r\n"])
    assert not any(isinstance(event, Goodbye) for event in events)


def test_rules_may_change_between_two_commands_of_one_read() -> None:
    connection = Connection()
    events = connection.receive(b"a LOGIN u p\r\nb SEARCH ((ALL))\r\nc SELECT A&B\r\nd LOGIN {5000}\r\n")
    next(events)
    connection.limits = SIGNED_IN
    assert isinstance(next(events), Command)
    connection.utf8 = True
    assert isinstance(next(events), Command)
    assert isinstance(next(events), Continue)


def test_what_came_before_tls_is_forgotten() -> None:
    connection = Connection()
    events = connection.receive(b"a STARTTLS\r\nb LOGIN u p\r\n")
    next(events)
    assert connection.discard_input() == len(b"b LOGIN u p\r\n")
    assert list(events) == []


def test_an_abandoned_iterator_loses_nothing() -> None:
    connection = Connection()
    next(connection.receive(b"a NOOP\r\nb NOOP\r\n"))
    assert list(connection.receive(b"c NOOP\r\n")) == [Noop("b"), Noop("c")]


def test_closed_means_closed() -> None:
    connection = Connection()
    connection.receive(b"a NOOP\r\nb NOOP\r\n")
    connection.close()
    assert list(connection.receive(b"c NOOP\r\n")) == []
