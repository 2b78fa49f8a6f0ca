"""A message resent is the message, byte for byte, below our block (RFC 5322 section 3.6.6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mail.resending import resent


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
