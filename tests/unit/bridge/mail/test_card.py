"""Card: encoding and refusal of what is no card."""

import pytest

from bridge.mail.card import Card, Unreadable
from bridge.mail.scanner import scan

CARD = scan(b"Subject: x\r\nFrom: a@b\r\n\r\nbody\r\n")


def test_decode_gives_back_what_was_encoded():
    assert Card.decode(CARD.encode()) == CARD


def test_a_card_adds_little_to_what_it_holds():
    held = sum(map(len, (CARD.header, CARD.envelope, CARD.body, CARD.bodystructure)))
    assert len(CARD.encode()) <= held + 48


@pytest.mark.parametrize(
    "data", [b"", b"\x01", CARD.encode()[:-1], CARD.encode() + b"\0", b"\x02" + CARD.encode()[1:]]
)
def test_other_bytes_are_refused(data):
    with pytest.raises(Unreadable):
        Card.decode(data)
