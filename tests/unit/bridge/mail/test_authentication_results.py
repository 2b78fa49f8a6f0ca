"""Lines of results that claim to be ours are found in every spelling (RFC 8601 sections 2.2 and 5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mail.authentication_results import Result, line, without_claims
from tests.costs import at_most

OURS = "mail.example.test"
BODY = b"\r\nAuthentication-Results: mail.example.test; spf=pass\r\n"


def left(field: bytes) -> bytes:
    header = b"From: a@b.test\r\n" + field + b"Subject: x\r\n"
    return without_claims(header + BODY, header, OURS)


@pytest.mark.parametrize(
    "field",
    [
        b"Authentication-Results: mail.example.test; dkim=pass\r\n",
        b"AUTHENTICATION-results : MAIL.Example.TEST; dkim=pass\r\n",
        b"Authentication-Results: mail.example.test 1; dkim=pass\r\n",
        b"Authentication-Results: mail.example.test/1; dkim=pass\r\n",
        b"Authentication-Results:\r\n\tmail.example.test\r\n 1;\r\n dkim=pass\r\n",
        b"Authentication-Results: (comment) mail.example.test; dkim=pass\r\n",
        b"Authentication-Results: (one (in; another)) (\\)) mail.example.test (x); dkim=pass\r\n",
        b"Authentication-Results: (folded\r\n comment)\r\n mail.example.test; dkim=pass\r\n",
        b'Authentication-Results: "mail.example.test"; dkim=pass\r\n',
        b'Authentication-Results: "mail\\.example.test" ; dkim=pass\r\n',
        b"Authentication-Results: mail.example.test.; dkim=pass\r\n",
        b"Authentication-Results: (never closed; dkim=pass\r\n",
        b"Authentication-Results: ;dkim=pass\r\n",
        b"Authentication-Results: \xff; dkim=pass\r\n",
    ],
)
def test_a_claim_goes(field: bytes) -> None:
    assert left(field) == b"From: a@b.test\r\nSubject: x\r\n" + BODY


@pytest.mark.parametrize(
    "field",
    [
        b"Authentication-Results: elsewhere.test; dkim=pass (mail.example.test)\r\n",
        b"Authentication-Results: xmail.example.test; dkim=pass\r\n",
        b'Authentication-Results: (mail.example.test) "else where"; dkim=pass\r\n',
        b"X-Authentication-Results: mail.example.test; dkim=pass\r\n",
    ],
)
def test_what_another_says_of_itself_stays(field: bytes) -> None:
    assert left(field) == b"From: a@b.test\r\n" + field + b"Subject: x\r\n" + BODY


@given(st.binary(max_size=200))
def test_any_bytes_are_read(value: bytes) -> None:
    left(b"Authentication-Results:" + value + b"\r\n")


def test_comments_without_end_cost_little() -> None:
    with at_most(1):
        for value in (b"(" * 200_000, b"() " * 60_000, b"(" * 100_000 + b")" * 100_000, b'"\\' * 100_000):
            left(b"Authentication-Results: " + value + b"\r\n")


def test_values_are_tokens_or_quoted() -> None:
    told = line(
        OURS, (Result("dkim", "pass", (("header.d", "a.test"), ("header.b", "ab+/c="), ("header.s", 'x" y'))),)
    )
    assert told == b'Authentication-Results: mail.example.test;\r\n\tdkim=pass header.d=a.test header.b="ab+/c="\r\n'
