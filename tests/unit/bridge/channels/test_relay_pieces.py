"""A message on its way to a relay, in pieces: as if every line had been looked at (RFC 5321 section 4.5.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.channels.email import relay


@given(st.lists(st.sampled_from([b".", b"..", b"x", b".x", b"", b"x" * 9]), max_size=30), st.booleans())
def test_lines_that_begin_with_a_dot_get_another(lines: list[bytes], ended: bool) -> None:
    message = b"\r\n".join(lines) + b"\r\n" * ended
    expected = [
        b"." + line if line.startswith(b".") else line for line in message.removesuffix(b"\r\n").split(b"\r\n")
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relay, "PIECE", 7)
        assert b"".join(relay.stuffed(message)) == b"\r\n".join(expected) + b"\r\n"


def test_a_large_message_goes_in_many_pieces() -> None:
    message = b"Subject: x\r\n\r\n" + b".dots and words\r\n" * 100_000
    assert max(map(len, relay.stuffed(message))) < 2 * relay.PIECE
    assert b"".join(relay.stuffed(message)) == message.replace(b"\r\n.", b"\r\n..")
