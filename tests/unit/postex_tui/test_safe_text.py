"""Text from outside is shown and never obeyed: whatever it holds, what comes out is visible and bounded."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postex_tui.terminal.safe_text import HIDDEN, MOST, safe_text
from tests.costs import at_most

NEVER = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(st.characters(), max_size=300))
def test_nothing_acts_and_nothing_hides(text: str) -> None:
    shown = safe_text(text)
    assert not {unicodedata.category(letter) for letter in shown} & NEVER
    assert len(shown) <= MOST


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=MOST))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", f"a{HIDDEN}[31mb"),
        ("a\x9b2Jb", f"a{HIDDEN}2Jb"),
        ("\x1b]52;c;eA==\x07", f"{HIDDEN}]52;c;eA=={HIDDEN}"),
        ("invoice\u202efdp.exe", f"invoice{HIDDEN}fdp.exe"),
        ("a\u2066b\u2069", f"a{HIDDEN}b{HIDDEN}"),
        ("pay\u200bpal", f"pay{HIDDEN}pal"),
        ("a\u00adb", f"a{HIDDEN}b"),
        ("\U000e0041", HIDDEN),
        ("one\r\ntwo\nthree", "one⏎two⏎three"),
        ("a\rb", f"a{HIDDEN}b"),
        ("a\tb\u00a0c", "a b c"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("\u3164\u2800", HIDDEN * 2),
        ("Zoë, 日本, Ω", "Zoë, 日本, Ω"),
        ("", ""),
    ],
)
def test_each_of_these(text: str, shown: str) -> None:
    assert safe_text(text) == shown


def test_lines_stay_where_they_are_asked_for() -> None:
    assert safe_text("one\r\ntwo\x1b", lines=True) == f"one\ntwo{HIDDEN}"


def test_marks_do_not_pile_up() -> None:
    assert safe_text("a" + "\u0301" * 300) == "a" + "\u0301" * 4


@pytest.mark.parametrize("text", ["x" * 10_000, "\u202e" * 10_000, "é" * 401])
def test_long_text_is_cut_where_one_sees_it(text: str) -> None:
    shown = safe_text(text)
    assert (len(shown), shown[-1]) == (MOST, "…")


def test_a_megabyte_costs_what_its_first_line_costs() -> None:
    with at_most(0.1):
        safe_text("\u0301" * 10_000_000)
