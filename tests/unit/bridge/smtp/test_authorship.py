"""The header's author must be the sender's own address."""

import pytest

from bridge.mail.headers import MAX_HEADER
from bridge.smtp.authorship import Rights, header_refusal

OWN = Rights(frozenset({"facturen@energie.test", "erp@example.test"}))


@pytest.mark.parametrize(
    "header",
    [
        b"From: facturen@energie.test\r\n",
        b"from : Energie <FACTUREN@Energie.TEST>\r\n",
        b"From: =?utf-8?q?x?= <facturen@energie.test>, erp@example.test\r\nSender: erp@example.test\r\n",
        b"From:\r\n facturen@energie.test\r\n",
        b"From: Group: facturen@energie.test, erp@example.test;\r\n",
        b"Subject: no author\r\n",
        b"Reply-To: anyone@else.test\r\nFrom: erp@example.test\r\n",
    ],
)
def test_own_addresses(header: bytes) -> None:
    assert header_refusal(header, OWN) is None


@pytest.mark.parametrize(
    "header",
    [
        b"From: anna@example.test\r\n",
        b"From: facturen@energie.test, anna@example.test\r\n",
        b"From: facturen@energie.test\r\nFrom: anna@example.test\r\n",
        b"From: facturen@energie.test\r\nSender: anna@example.test\r\n",
        b"FROM\t: anna@example.test\r\n",
        b"From: facturen@energie.test\r\n , anna@example.test\r\n",
        b'From: "facturen@energie.test" <anna@example.test>\r\n',
        b"From: facturen@energie.test <anna@example.test>\r\n",
        b"From: Group: anna@example.test;\r\n",
    ],
)
def test_others_addresses(header: bytes) -> None:
    refusal = header_refusal(header, OWN)
    assert refusal is not None
    assert refusal.startswith("550 5.7.1 ")
    assert "anna" not in refusal


@pytest.mark.parametrize("value", [b"", b"nobody", b"undisclosed:;", b"<>"])
def test_a_field_without_an_address(value: bytes) -> None:
    assert header_refusal(b"From: " + value + b"\r\n", OWN) is not None


def test_an_author_beyond_what_is_read_as_header() -> None:
    junk = (b"X: " + b"y" * 900 + b"\r\n") * 400
    assert header_refusal(junk[:MAX_HEADER], OWN) is not None
