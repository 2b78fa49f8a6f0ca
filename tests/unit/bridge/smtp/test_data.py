"""DATA: where it ends, what becomes of it, what is refused; whatever the chunks it comes in."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.smtp.data import DataReceiver, DataRefused

LIMIT = 10_000
TRACE = b"Received: from a\r\n\tby b;\r\n"


def split(octets: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(octets) + 1) for cut in cuts})
    return [octets[a:b] for a, b in zip([0, *places], [*places, len(octets)], strict=True) if a < b]


def received(octets: bytes, cuts: list[int] | None = None, limit: int = LIMIT) -> tuple[bytes, bytes]:
    """(message, what followed) of `octets` as they come over the wire."""
    receiver = DataReceiver(limit)
    rest = b""
    for chunk in split(octets, cuts or []):
        if receiver.complete:
            rest += chunk
        elif receiver.feed(chunk):
            rest += receiver.rest
    assert receiver.complete
    return receiver.received(TRACE).removeprefix(TRACE), rest


def stuffed(lines: list[bytes]) -> bytes:
    """The reference: RFC 5321 section 4.5.2, line by line."""
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


line = st.text("a.\t ", max_size=6).map(str.encode)
cuts = st.lists(st.integers(0, 500), max_size=12)


@given(st.lists(line, max_size=12), cuts, st.sampled_from([b"", b"MAIL FROM:<>\r\n", b".\r\n.\r\n"]))
@example([b"."], [1, 2, 3, 4], b"")
@example([], [1, 2], b"QUIT\r\n")
@example([b"...", b".", b""], list(range(30)), b"\r\n.\r\n")
def test_any_message_comes_out_as_it_was_however_it_is_cut(lines: list[bytes], at: list[int], rest: bytes) -> None:
    assert received(stuffed(lines) + rest, at) == (b"".join(each + b"\r\n" for each in lines), rest)


@given(st.lists(st.sampled_from([b"\r\n", b"\n", b".", b"a"]), max_size=30), cuts)
def test_only_crlf_dot_crlf_ends_the_data(pieces: list[bytes], at: list[int]) -> None:
    body = b"".join(pieces)
    whole = b"\r\n" + body + b"\r\n.\r\n"
    end = whole.find(b"\r\n.\r\n") + 5
    message, rest = received(whole[2:], at)
    assert rest == whole[end:]
    assert message.count(b"\r") == message.count(b"\n") == message.count(b"\r\n")


@pytest.mark.parametrize("ending", [b"\n.\n", b"\n.\r\n", b"\r\n.\n"])
def test_an_end_with_bare_line_feeds_is_no_end(ending: bytes) -> None:
    smuggled = b"first" + ending + b"MAIL FROM:<forged@example.test>\r\n.\r\n"
    message, rest = received(smuggled)
    assert message == b"first\r\n\r\nMAIL FROM:<forged@example.test>\r\n"
    assert rest == b""


@pytest.mark.parametrize("ending", [b"\r.\r", b"\r.\r\n", b"\r\r\n.\r\r\n", b"\r\n.\r\r\n"])
def test_an_end_with_bare_carriage_returns_is_refused_as_a_whole(ending: bytes) -> None:
    with pytest.raises(DataRefused) as refused:
        received(b"first" + ending + b"MAIL FROM:<forged@example.test>\r\n.\r\n")
    assert refused.value.reply.startswith("554 5.6.0 ")


def test_bare_line_feeds_become_crlf_and_their_stuffed_dots_go() -> None:
    assert received(b"Subject: x\n\n..a\nb\r\n.\r\n") == (b"Subject: x\r\n\r\n.a\r\nb\r\n", b"")


def test_a_nul_is_refused() -> None:
    with pytest.raises(DataRefused, match="NUL"):
        received(b"a\0b\r\n.\r\n")


def test_eight_bit_octets_are_kept() -> None:
    octets = bytes(range(14, 256)) + b"\r\n"
    assert received(octets + b".\r\n")[0] == octets


@pytest.mark.parametrize("lines", [[b"x" * (LIMIT - 2)], [b"."] * (LIMIT // 3)])
def test_the_limit_is_that_of_the_message_without_its_stuffing(lines: list[bytes]) -> None:
    octets = stuffed(lines)
    assert len(received(octets)[0]) <= LIMIT
    with pytest.raises(DataRefused, match=r"552 5\.3\.4"):
        received(b"xxx\r\n" + octets)


def test_what_is_too_large_is_read_to_its_end_and_not_kept() -> None:
    receiver = DataReceiver(LIMIT)
    for _ in range(20):
        receiver.feed(b"x" * 1000)
    assert not receiver._chunks
    assert not receiver.flooded
    assert receiver.feed(b"\r\n.\r\nQUIT\r\n")
    assert receiver.rest == b"QUIT\r\n"
    with pytest.raises(DataRefused, match=r"552 5\.3\.4"):
        receiver.received()


def test_far_too_much_is_a_flood() -> None:
    receiver = DataReceiver(LIMIT)
    while receiver.size < 3 * LIMIT:
        receiver.feed(b"x" * 1000)
    assert receiver.flooded


def test_given_up_keeps_nothing_and_answers_at_the_end() -> None:
    receiver = DataReceiver(LIMIT)
    receiver.feed(b"hello")
    receiver.give_up("452 4.3.1 later")
    assert receiver.feed(b"world\r\n.\r\n")
    with pytest.raises(DataRefused, match=r"452 4\.3\.1 later"):
        receiver.received()
