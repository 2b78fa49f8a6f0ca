"""The public collections of odd and malformed messages, as SMTP would hand them in: quality.md R13."""

import re
from pathlib import Path

import pytest
from imapclient.response_parser import parse_fetch_response

from bridge.mail.card import Card
from bridge.mail.headers import select_fields
from bridge.mail.scanner import scan
from bridge.mail.text import body_texts, header_text
from tests import samples
from tests.costs import at_most
from tests.unit.bridge.mail.test_scanner import check_bounds

SAMPLES = samples.messages()


@pytest.mark.skipif(not SAMPLES, reason=samples.REASON)
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_sample(path: Path):
    message = re.sub(rb"\r?\n", b"\r\n", path.read_bytes())
    with at_most(1):
        card = scan(message)
        texts = [header_text(card.header), *body_texts(message, card.parts)]
    check_bounds(card, message)
    assert Card.decode(card.encode()) == card
    assert all(text.encode("utf-8") is not None for text in texts)
    if card.header.endswith(b"\r\n\r\n") and not card.header.startswith((b" ", b"\t")):
        assert select_fields(card.header, [], invert=True) == card.header


@pytest.mark.skipif(not SAMPLES, reason=samples.REASON)
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_imapclient_reads_what_we_send(path: Path):
    card = scan(re.sub(rb"\r?\n", b"\r\n", path.read_bytes()))
    line = b"1 (ENVELOPE " + card.envelope + b" BODYSTRUCTURE " + card.bodystructure + b")"
    parsed = parse_fetch_response([line], uid_is_key=False)[1]
    assert set(parsed) == {b"SEQ", b"ENVELOPE", b"BODYSTRUCTURE"}
