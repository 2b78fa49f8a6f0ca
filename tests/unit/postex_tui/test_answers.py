"""What commands print: nothing in it that a stranger wrote is obeyed by the terminal (security.md)."""

import json
import re

import pytest

from postex_tui import asking
from postex_tui.answers import Refusal, answer, refuse

HOSTILE = "x\x1b]0;mine\x07\x1b[2J\x9b2J\u202egpj.\u2066\x7f\rpostex: All is well."
OBEYED = set("\x1b\x07\x9b\u202e\u2066\x7f\r")


@pytest.mark.parametrize("as_json", [False, True])
def test_what_a_stranger_wrote_is_shown_and_not_obeyed(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    answer(as_json, {"label": HOSTILE, "naam": "Café Zoë 漢字"}, f"device  {HOSTILE}\nCafé Zoë  漢字")
    refuse(as_json, Refusal("sender-ambiguous", f"{HOSTILE} can be several"))
    asking.say(f"This account is {HOSTILE}.\n")
    printed = capsys.readouterr()
    assert not OBEYED & set(printed.out + printed.err)
    assert {"Café Zoë", "漢字"} <= set(re.findall(r"Café Zoë|漢字", printed.out))
    if as_json:
        assert json.loads(printed.out.splitlines()[0]) == {"label": HOSTILE, "naam": "Café Zoë 漢字"}


def test_lines_keep_their_length_and_columns(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{'a' * 3000}  b", "   c   d", "", "▀▄█  end"]
    answer(False, {}, "\n".join(lines))
    assert capsys.readouterr().out.split("\n") == [*lines, ""]
