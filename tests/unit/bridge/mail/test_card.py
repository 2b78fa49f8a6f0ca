"""Card: encoding and refusal of what is no card."""

import pytest

from bridge.mail.card import REMEMBERED, REMEMBERED_OCTETS, Card, Unreadable
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


def test_an_answer_is_made_once_and_forgotten_when_others_were_asked_for():
    card, made = Card.decode(CARD.encode()), []

    def answer(header):
        made.append(header)
        return b"x"

    assert [card.remembered(b"first", answer) for _ in range(3)] == [b"x"] * 3
    assert made == [card.header]
    for number in range(REMEMBERED):
        card.remembered(b"%d" % number, answer)
    assert not card.remembers(b"first")
    assert card == CARD


def test_a_long_answer_is_not_kept():
    card = Card.decode(CARD.encode())
    assert card.remembered(b"long", lambda header: b"x" * (REMEMBERED_OCTETS + 1)) == b"x" * (REMEMBERED_OCTETS + 1)
    assert not card.remembers(b"long")
