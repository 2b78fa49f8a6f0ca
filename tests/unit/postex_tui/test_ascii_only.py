"""When a terminal is taken to have no Unicode, and what is drawn then (S87–S89)."""

import pytest
from rich.cells import cell_len

from postex_tui.terminal.ascii_only import ascii_of, is_needed


@pytest.mark.parametrize(
    ("environ", "encoding", "needed"),
    [
        ({}, "utf-8", False),
        ({"LANG": "nl_NL.UTF-8"}, "utf-8", False),
        ({"LANG": "C.UTF-8"}, "UTF-8", False),
        ({"LANG": "C"}, "utf-8", True),
        ({"LANG": "nl_NL.UTF-8", "LC_ALL": "POSIX"}, "utf-8", True),
        ({"LANG": "C", "LC_ALL": "", "LC_CTYPE": "nl_NL.UTF-8"}, "utf-8", False),
        ({"LANG": "nl_NL.ISO-8859-1"}, "iso-8859-1", True),
    ],
)
def test_when_a_terminal_has_no_unicode(environ: dict[str, str], encoding: str, needed: bool) -> None:
    assert is_needed(environ, encoding) is needed


@pytest.mark.parametrize("drawn", ["╭──╮", "│ é ï", "●○…⏎", "▁▂▃█", "日本", "🙂", "“nee”", "a b"])
def test_all_is_ascii_and_as_wide_as_before(drawn: str) -> None:
    assert ascii_of(drawn).isascii()
    assert cell_len(ascii_of(drawn)) == cell_len(drawn)
