"""Paths and parameters of MAIL and RCPT."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.smtp.paths import BadAddress, BadSyntax, parse


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("FROM:<anna@example.test>", "anna@example.test"),
        ("from:<Anna@EXAMPLE.Test>", "Anna@example.test"),
        ("FROM: <anna@example.test>", "anna@example.test"),
        ("FROM:<>", ""),
        ("FROM:<@relay.test,@b.test:anna@example.test>", "anna@example.test"),
        ('FROM:<"a>b@c"@example.test>', '"a>b@c"@example.test'),
        ("FROM:<a+tag@example.test>", "a+tag@example.test"),
        ("FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("FROM:<müller@bücher.test>", "müller@bücher.test"),
        ("FROM:<Postmaster>", "postmaster"),
    ],
)
def test_paths(argument: str, address: str) -> None:
    assert parse("FROM", argument).address == address


def test_parameters() -> None:
    path = parse("FROM", "FROM:<a@example.test> SIZE=100 body=8BITMIME SMTPUTF8 AUTH=<>")
    assert path.parameters == {"SIZE": "100", "BODY": "8BITMIME", "SMTPUTF8": None, "AUTH": "<>"}


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "FROM",
        "FROM:anna@example.test",
        "TO:<anna@example.test>",
        "FROM:<anna@example.test",
        "FROM:<a@b>X",
        "FROM:<a@b> =1",
        "FROM:<a@b> SIZE=",
        "FROM:<a@b> SIZE=1 SIZE=2",
        "FROM:<<a@b>>",
    ],
)
def test_syntax_errors(argument: str) -> None:
    with pytest.raises(BadSyntax):
        parse("FROM", argument)


@pytest.mark.parametrize(
    "path",
    [
        "anna",
        "@example.test",
        "anna@",
        "an na@example.test",
        ".anna@example.test",
        "anna..b@example.test",
        "anna@example..test",
        "anna@-example.test",
        "a" * 129 + "@example.test",
        "a@" + "b" * 320,
        "a(comment)@example.test",
        "a,b@example.test",
    ],
)
def test_malformed_addresses(path: str) -> None:
    with pytest.raises(BadAddress):
        parse("TO", f"TO:<{path}>")


@given(st.text(max_size=400))
def test_any_argument_is_answered(argument: str) -> None:
    for text in (argument, f"FROM:<{argument}>"):
        try:
            path = parse("FROM", text)
        except (BadSyntax, BadAddress):
            continue
        assert "\n" not in path.address
        assert " " not in path.address or path.address.startswith('"')
