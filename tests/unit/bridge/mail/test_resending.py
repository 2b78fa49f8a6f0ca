"""A message resent is the message, byte for byte, below our block (RFC 5322 section 3.6.6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mail import headers
from bridge.mail.resending import LONGEST_LINE, in_our_name, is_spoilt_by_folding, resent


@given(st.binary(max_size=200), st.booleans())
def test_the_message_is_untouched(message: bytes, identified: bool) -> None:
    made = resent(message, "postmaster@example.test", "anna@elsewhere.test", "<1@x>", 0, identified=identified)
    assert made.endswith(message)
    assert made.startswith(b"Resent-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nResent-From: Postex <postmaster@")


@pytest.mark.parametrize(("message", "added"), [(b"Subject: x\r\n\r\n", 1), (b"message-id: <2@x>\r\n\r\n", 0)])
def test_a_message_without_an_id_gets_ours(message: bytes, added: int) -> None:
    made = resent(message, "a@b.test", "c@d.test", "<1@x>", 0, identified=True)
    assert made.count(b"\r\nMessage-ID: <1@x>\r\n") == added


@pytest.mark.parametrize("address", ["a@b\r\nBcc: c@d", "a b", "@", "a@", 'x"@'])
def test_an_address_that_is_none_makes_no_header(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        resent(b"\r\n", "a@b.test", address, "<1@x>", 0)


def test_an_unsigned_document_goes_in_our_name() -> None:
    message = (
        b"Received: from x\r\nFrom: =?utf-8?q?Energie=2C_BV?= <facturen@energie.test>\r\nSender: a@b.test\r\n"
        b"Subject: =?utf-8?q?x?=\r\n\r\nFrom: in the body\r\n"
    )
    made = in_our_name(message, "postmaster@example.test")
    header = made.partition(b"\r\n\r\n")[0] + b"\r\n"
    assert headers.values(header, "From") == ['"Energie, BV via Postex" <postmaster@example.test>']
    assert headers.values(header, "Reply-To") == ["facturen@energie.test"]
    assert headers.value(header, "Sender") is None
    assert made.endswith(b"Received: from x\r\nSubject: =?utf-8?q?x?=\r\n\r\nFrom: in the body\r\n")


@pytest.mark.parametrize(
    "message",
    [
        b"DKIM-Signature: v=1\r\nFrom: a@b.test\r\n\r\nx\r\n",
        b"From: a@b.test, c@d.test\r\n\r\nx\r\n",
        b"Subject: no author\r\n\r\nx\r\n",
        b"From: a@b.test\r\n",
        b"",
    ],
)
def test_what_is_signed_or_names_no_single_author_stays(message: bytes) -> None:
    assert in_our_name(message, "postmaster@example.test") == message


@given(st.binary(max_size=300))
def test_whatever_it_was_the_body_stays(body: bytes) -> None:
    made = in_our_name(b"From: <a@b.test>\r\nReply-To: <c@d.test>\r\n\r\n" + body, "p@example.test")
    assert made == (b'From: "a@b.test via Postex" <p@example.test>\r\nReply-To: <c@d.test>\r\n\r\n' + body)


@given(st.lists(st.integers(0, 2 * LONGEST_LINE) | st.integers(LONGEST_LINE - 2, LONGEST_LINE + 2), max_size=8))
def test_a_signature_is_spoilt_by_any_line_that_is_too_long_and_by_nothing_else(lengths: list[int]) -> None:
    body = b"\r\n".join(b"x" * length for length in lengths)
    assert is_spoilt_by_folding(b"DKIM-Signature: v=1\r\n\r\n" + body) is any(each > LONGEST_LINE for each in lengths)
    assert not is_spoilt_by_folding(b"Subject: v=1\r\n\r\n" + body)
