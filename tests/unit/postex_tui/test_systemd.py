"""The unit that a first run offers: a path is one word of it, whatever is in its name."""

from pathlib import Path

import pytest

from postex_tui.first_run.systemd import unit


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("/var/lib/postex", "Environment=POSTEX_DATA=/var/lib/postex"),
        ("/srv/my post/100%", 'Environment="POSTEX_DATA=/srv/my post/100%%"'),
        ('/srv/a"b\\c', 'Environment="POSTEX_DATA=/srv/a\\"b\\\\c"'),
        ("/srv/x\nExecStartPre=/bin/evil", 'Environment="POSTEX_DATA=/srv/x\\nExecStartPre=/bin/evil"'),
    ],
)
def test_a_path_is_one_word(data: str, line: str) -> None:
    lines = unit(Path(data)).splitlines()
    assert [each for each in lines if "POSTEX_DATA" in each] == [line]
    assert not any(each.startswith("ExecStartPre") for each in lines)
