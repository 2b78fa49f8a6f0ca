"""Our Received header: no address of the network, no recipient, nothing a client can inject."""

import pytest

from bridge.smtp.trace import date, protocol, received


def test_the_header() -> None:
    assert received("erp.energie.test", "mail.example.test", "ESMTPSA", "0a1b", 1_700_000_000) == (
        b"Received: from erp.energie.test\r\n\tby mail.example.test with ESMTPSA id 0a1b;\r\n"
        b"\tTue, 14 Nov 2023 22:13:20 +0000\r\n"
    )


@pytest.mark.parametrize(
    "client",
    [
        "",
        "192.0.2.1",
        "[192.0.2.1]",
        "[IPv6:2001:db8::1]",
        "a b",
        "a;b",
        "a\r\nX: y",
        "é.test",
        "-",
        "(x)",
        "a" * 300,
    ],
)
def test_what_is_no_name_is_not_repeated(client: str) -> None:
    assert received(client, "s", "SMTP", "1", 0).startswith(b"Received: from unknown\r\n")


@pytest.mark.parametrize(
    ("flags", "keyword"),
    [
        ((False, False, False, False), "SMTP"),
        ((True, False, False, False), "ESMTP"),
        ((True, True, False, False), "ESMTPS"),
        ((True, False, True, False), "ESMTPA"),
        ((True, True, True, False), "ESMTPSA"),
        ((True, True, True, True), "UTF8SMTPSA"),
    ],
)
def test_protocol_keywords(flags: tuple[bool, bool, bool, bool], keyword: str) -> None:
    extended, encrypted, authenticated, utf8 = flags
    assert protocol(extended=extended, encrypted=encrypted, authenticated=authenticated, utf8=utf8) == keyword


def test_dates_of_one_digit() -> None:
    assert date(0) == "Thu, 1 Jan 1970 00:00:00 +0000"
