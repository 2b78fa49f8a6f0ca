"""RFC 2047 in both directions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mail.words import base64_octets, decoded_words, encoded_words


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?a_b=20c?= d", "a b c d"),
        ("=?ISO-8859-1?B?6Q==?=", "é"),
        ("=?iso-8859-1*nl?q?=E9?=", "é"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=\r\n =?iso-8859-1?q?=E9?=", "aé"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        ("x =?utf-8?q?a?= y =?utf-8?q?b?=", "x a y b"),
        ("=?no-such-charset?q?=C3=A9?=", "é"),
        ("=?punycode?q?abc?=", "abc"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("=?utf-8?b?4oKs4?=", "€"),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
        ("=?utf-16?b?/v8A6Q==?=", "é"),
        ("caf\udce9", "café"),
        ("café", "café"),
    ],
)
def test_decoding(sent, read):
    assert decoded_words(sent) == read


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_encoding_is_7_bit_short_and_reversible(text):
    encoded = encoded_words(text)
    assert encoded.isascii()
    if not text.isascii() and "=?" not in text:
        assert all(len(word) <= 75 for word in encoded.split(" "))
        assert decoded_words(encoded) == text


@given(st.binary(max_size=100))
def test_any_header_bytes_can_be_read_and_sent(data):
    text = data.decode("utf-8", "surrogateescape")
    assert decoded_words(text).encode("utf-8") is not None
    assert encoded_words(text).isascii()


@pytest.mark.parametrize(
    ("sent", "octets"), [(b"QUJD", b"ABC"), (b"Q U\r\nJ*D", b"ABC"), (b"QUJDR", b"ABC"), (b"QUI", b"AB")]
)
def test_damaged_base64_gives_what_is_there(sent, octets):
    assert base64_octets(sent) == octets
