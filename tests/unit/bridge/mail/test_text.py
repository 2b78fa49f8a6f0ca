"""Text for SEARCH BODY and TEXT."""

import pytest

from bridge.mail.scanner import scan
from bridge.mail.text import body_texts, header_text
from tests.costs import at_most


def texts(message: bytes) -> list[str]:
    return list(body_texts(message, scan(message).parts))


def test_header_text_is_unfolded_and_decoded():
    header = b"Subject: =?utf-8?q?caf=C3=A9?=\r\n =?utf-8?q?s?=\r\nTo: a\r\n b\r\n\r\n"
    assert header_text(header) == "Subject: cafés\nTo: a b"


@pytest.mark.parametrize(
    ("header", "body", "text"),
    [
        (b"", b"plain", "plain"),
        (b"Content-Type: text/plain; charset=utf-8\r\n", "é".encode(), "é"),
        (
            b"Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: Quoted-Printable\r\n",
            b"<p>=E9=\r\nx",
            "<p>éx",
        ),
        (b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: BASE64\r\n", b"w6k\r\n=", "é"),
        (b"Content-Transfer-Encoding: no-such\r\n", b"a=20", "a=20"),
    ],
)
def test_a_text_part_is_decoded(header, body, text):
    assert texts(header + b"\r\n" + body) == [text]


def test_parts_headers_and_inner_messages_are_searched_but_no_pictures():
    message = (
        b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\npreamble\r\n"
        b"--x\r\nContent-Type: image/png; name=secret.png\r\n\r\npixels\r\n"
        b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?inn=C3=A9r?=\r\n\r\ninside\r\n--x--\r\n"
    )
    found = "\n".join(texts(message))
    assert all(word in found for word in ("secret.png", "innér", "inside"))
    assert not any(word in found for word in ("pixels", "outer", "preamble"))


@pytest.mark.parametrize("encoding", [b"base64", b"quoted-printable", b"8bit"])
@pytest.mark.parametrize("unit", [b"=", b"=\r\n", b"A", b"\xff", b"=?utf-8?q?"])
def test_hostile_texts_take_bounded_time(encoding, unit):
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n"
    message = head + unit * (1_000_000 // len(unit))
    with at_most(1):
        texts(message)
