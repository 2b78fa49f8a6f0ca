"""Charsets by name, unknown and dangerous names."""

import pytest

from bridge.mail.charsets import decoded, guessed


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"abc", "", "abc"),
        ("é".encode(), "utf-8", "é"),
        (b"\xe9\x80", "ISO-8859-1", "é€"),
        ("é".encode(), "us-ascii", "é"),
        (b"\xe9", "us-ascii", "é"),
        (b'\x1b$B$"\x1b(B', "iso-2022-jp", "あ"),
        (b"+AOk-", "utf-7", "é"),
        (b"a\0b\0", "utf-16-le", "ab"),
        (b"\xc3(", "utf-8", "\ufffd("),
        (b"abc\xe9", "x" * 10_000, "abcé"),
        (b"abc\xe9", "zlib", "abcé"),
        (b"abc\xe9", "undefined", "abcé"),
        (b"abc\xe9", "unicode_escape", "abcé"),
        (b"\\u0041\xe9", "unicode-escape", "\\u0041é"),
        (b"abc\xe9", "a\0b", "abcé"),
    ],
)
def test_decoded(data, charset, text):
    assert decoded(data, charset) == text


def test_guessing_prefers_utf_8():
    assert guessed("é".encode()) == "é"
    assert guessed(b"\xe9") == "é"
