"""Every reply has an enhanced code that fits its basic one (RFC 2034, RFC 3463)."""

import re

import pytest

from bridge.routing.recipients import Refusal
from bridge.smtp import replies, transaction
from storage.errors import OverQuota, WriterUnavailable

REPLIES = {
    name: text
    for name, text in vars(replies).items()
    if name.isupper() and not name.startswith("_") and text[:3] != "354"
}


@pytest.mark.parametrize("name", REPLIES)
def test_codes_agree(name: str) -> None:
    match = re.fullmatch(r"([245])\d\d ([245])\.\d{1,3}\.\d{1,3} [ -~]+", REPLIES[name])
    assert match is not None
    assert match[1] == match[2]


@pytest.mark.parametrize(
    ("aiosmtpd", "sent"),
    [
        ("250 OK", "250 2.0.0 OK"),
        ("501 Syntax: RSET", "501 5.5.4 Syntax: RSET"),
        ("503 Error: send EHLO first", "503 5.5.1 Error: send EHLO first"),
        ("535 5.7.8 no", "535 5.7.8 no"),
        ("354 go on", "354 go on"),
        ("334 ", "334 "),
    ],
)
def test_a_code_is_added_where_it_is_missing(aiosmtpd: str, sent: str) -> None:
    assert replies.enhanced(aiosmtpd) == sent


def test_storage_errors_are_temporary() -> None:
    assert replies.of_storage(OverQuota("x")).startswith("452 4.2.2 ")
    assert replies.of_storage(WriterUnavailable("x")).startswith("451 4.3.1 ")


def test_every_refusal_of_a_recipient_has_its_answer() -> None:
    assert set(transaction._RECIPIENT_REFUSED) == set(Refusal)
