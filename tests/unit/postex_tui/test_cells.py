"""What comes from outside is no formula in a spreadsheet program."""

import pytest

from postex_tui.files.cells import cell


@pytest.mark.parametrize("text", ["=1+1@example.test", "+31", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1"])
def test_a_formula_is_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(("value", "shown"), [("anna@example.test", "anna@example.test"), (7, "7"), (None, "")])
def test_the_rest_stays(value: object, shown: str) -> None:
    assert cell(value) == shown
