"""The tag of a retried transaction, and the header block that is checked."""

from dataclasses import replace

import pytest

from bridge.mail.headers import MAX_HEADER
from bridge.smtp.data import DataReceiver
from bridge.smtp.handin import Arrival, dedupe_tag, header_block

KEY = b"k" * 32
MESSAGE = b"Message-ID: <1@x>\r\n\r\nbody\r\n"
FIRST = Arrival(DataReceiver(1), b"", "a@x.test", ("anna@example.test", "bram@example.test"), (), 7, None)


def test_the_order_and_case_of_recipients_do_not_matter() -> None:
    again = replace(FIRST, recipients=("BRAM@example.test", "anna@example.test"))
    assert dedupe_tag(KEY, again, MESSAGE) == dedupe_tag(KEY, FIRST, MESSAGE)


@pytest.mark.parametrize(
    ("arrival", "message", "key"),
    [
        (replace(FIRST, sender_account_id=8), MESSAGE, KEY),
        (replace(FIRST, sender_account_id=None), MESSAGE, KEY),
        (replace(FIRST, envelope_from="b@x.test"), MESSAGE, KEY),
        (replace(FIRST, recipients=("anna@example.test",)), MESSAGE, KEY),
        (replace(FIRST, recipients=("anna@example.testbram@example.test",)), MESSAGE, KEY),
        (FIRST, MESSAGE + b"\r\n", KEY),
        (FIRST, MESSAGE, b"l" * 32),
    ],
)
def test_everything_else_does(arrival: Arrival, message: bytes, key: bytes) -> None:
    assert dedupe_tag(key, arrival, message) != dedupe_tag(KEY, FIRST, MESSAGE)


@pytest.mark.parametrize(
    ("message", "header"),
    [
        (b"A: b\r\nC: d\r\n\r\nE: f\r\n", b"A: b\r\nC: d\r\n"),
        (b"A: b\r\n", b"A: b\r\n"),
        (b"\r\nA: b\r\n\r\n", b""),
        (b"", b""),
        (b"x" * (MAX_HEADER + 9), b"x" * MAX_HEADER),
    ],
)
def test_header_blocks(message: bytes, header: bytes) -> None:
    assert header_block(message) == header
    assert header_block(b"Trace: x\r\n" + message, 10) == header
