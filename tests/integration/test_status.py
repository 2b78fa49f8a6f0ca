"""`postex status` for monitors, and `postex session all`: what they tell and their exit status."""

import json
from pathlib import Path

from tests import warm
from tests.running import COMMAND, DOMAIN, PostOffice
from tests.tui.test_live import admin_of


def run(data: Path, *arguments: str, **env: str) -> tuple[int, str]:
    done = warm.run([*COMMAND, *arguments, "--data", str(data)], **env)
    return done.returncode, done.stdout


def test_a_monitor_sees_by_the_exit_status_how_it_stands(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", ("anna", "bram"))
    token = admin_of(office)
    status, told = run(office.data, "status", "--json")
    codes = [each["code"] for each in json.loads(told)["alerts"]]
    assert (status, codes[0]) == (2, "not-running"), "down: the operator is told so"
    assert run(tmp_path / "none", "status")[0] == 3
    with office.start():
        status, told = run(office.data, "status", POSTEX_TOKEN=token, LANG="C")
        assert status == 0, told
        assert told.startswith("Nothing needs doing.\n")
        assert f"domains    {DOMAIN}" in told
        assert "disk" not in told, "an admin sees the domain alone"
        assert run(office.data, "status")[0] == 3, "nobody is signed in"
        status, told = run(office.data, "session", "all", "--door", "control", "--json", POSTEX_TOKEN=token)
        assert [each["email"] for each in json.loads(told)["sessions"]] == [f"dora@{DOMAIN}"]
