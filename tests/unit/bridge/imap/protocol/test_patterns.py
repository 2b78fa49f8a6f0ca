"""LIST patterns against a plain recursive reading of the RFC, and against patterns made to backtrack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.imap.protocol.patterns import Pattern
from tests.costs import at_most


def plainly(pattern: str, name: str) -> bool:
    """RFC 3501 section 6.3.8 word for word; only for short texts."""
    if not pattern:
        return not name
    if pattern[0] in "*%":
        may_take = bool(name) and (pattern[0] == "*" or name[0] != "/")
        return plainly(pattern[1:], name) or (may_take and plainly(pattern, name[1:]))
    return bool(name) and name[0] == pattern[0] and plainly(pattern[1:], name[1:])


@given(st.text("ab/*%", max_size=7), st.text("ab/", max_size=8))
def test_as_the_rfc_tells_it(pattern: str, name: str) -> None:
    assert Pattern(pattern).matches(name) == plainly(pattern, name)


@pytest.mark.parametrize("pattern", ["INBOX", "inbox", "InB%", "*", "%", "*box", "%X"])
def test_inbox_in_any_case(pattern: str) -> None:
    assert Pattern(pattern).matches("INBOX")


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("inbox/%", "INBOX/a", True),
        ("inbox*", "INBOX/a/b", True),
        ("inbox/%", "INBOX/a/b", False),
        ("inboxes", "INBOXES", False),
        ("a.%", "a.b", True),
        ("%", "a.b", False),
    ],
)
def test_children_of_inbox_and_other_delimiters(pattern: str, name: str, matches: bool) -> None:
    delimiter = "." if "." in name else "/"
    assert Pattern(pattern, delimiter).matches(name) is matches


def test_no_pattern_takes_long() -> None:
    with at_most(2):
        assert not Pattern("*a" * 100 + "b").matches("a" * 1000)
        assert not Pattern("%a*" * 50_000).matches("a" * 200)
        assert Pattern("*%" * 100_000).matches("a/b" * 100)
