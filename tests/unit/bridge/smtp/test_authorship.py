"""The header's author must be the sender's own address."""

import pytest

from bridge.mail.addresses import MAX_UNCOMMON
from bridge.mail.headers import MAX_HEADER
from bridge.smtp.authorship import Rights, header_refusal
from tests.costs import at_most

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
        b"From: facturen@energie.test <erp@example.test>\r\n",
        b'From: "anna@example.test" <erp@example.test> (anna@example.test)\r\n',
        b"From: =?utf-8?q?anna@example.test?= <erp@example.test>\r\n",
        b"From: Mr. J. de Vries <@relay.test:erp @ example . test>\r\n",
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
        b"From: <erp@example.test> <anna@example.test>\r\n",
        b"From: <erp@example.test><anna@example.test>\r\n",
        b"From: <erp@example.test> anna@example.test\r\n",
        b"From: anna@example.test <erp@example.test>\r\n",
        b"From: anna (x) @ example.test <erp@example.test>\r\n",
        b"From: <@erp@example.test,anna@example.test:erp@example.test>\r\n",
        b'From: <erp@example.test> "x <anna@example.test>\r\n',
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


@pytest.mark.parametrize("first", [b"", b"From: erp@example.test\r\n"])
def test_an_author_beyond_what_is_read_as_header(first: bytes) -> None:
    junk = first + (b"X: " + b"y" * 900 + b"\r\n") * 400
    assert header_refusal(junk[:MAX_HEADER], OWN) is not None


@pytest.mark.parametrize("many", [b"erp@example.test, " * 1000, b"erp@example.test, " + b"a:;," * 999])
def test_an_author_behind_more_than_are_read(many: bytes) -> None:
    for hidden in (b"anna@example.test", b'"anna"@example.test'):
        assert header_refusal(b"From: " + many + hidden + b"\r\n", OWN) is not None


@pytest.mark.parametrize("field", [b"From", b"Sender"])
def test_a_field_that_is_not_read_whole_says_so(field: bytes) -> None:
    refusal = header_refusal(field + b": erp@example.test" + b" " * MAX_UNCOMMON + b"(c)\r\n", OWN)
    assert (
        refusal
        == f"554 5.6.0 the header {field.decode()} is too long to tell whom it names; at most 16 KiB are taken"
    )


def test_malformed_authors_take_linear_time() -> None:
    with at_most(3):
        for piece in (b"<", b"(", b'"\\', b" .", b"a@", b"=?a?q?", b"@.", b"=?", b" ", b"\t", b"=?a"):
            header_refusal(b"From: " + piece * (200_000 // len(piece)) + b"\r\n", OWN)
