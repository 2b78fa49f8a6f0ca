"""`postex device` and `postex session` as their owner, an admin and the operator type them, without a bridge."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from postex_tui import cli
from storage.records import Role
from tests.control import Desk, Person

DAY = 86_400


class Shell:
    """Runs commands as one person or another, or as nobody."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.data = data
        self._capsys = capsys
        self._patch = patch

    def run(self, who: Person | None, *arguments: str) -> tuple[int, str]:
        if who is None:
            self._patch.delenv("POSTEX_TOKEN", raising=False)
        else:
            self._patch.setenv("POSTEX_TOKEN", who.token)
        status = cli.main([*arguments, "--data", str(self.data)])
        return status, self._capsys.readouterr().out

    def json(self, who: Person | None, *arguments: str) -> Any:
        status, out = self.run(who, *arguments, "--json")
        assert status == 0, out
        return json.loads(out)

    def refused(self, who: Person | None, *arguments: str) -> str:
        status, out = self.run(who, *arguments, "--json")
        assert status != 0, out
        code: str = json.loads(out)["error"]["code"]
        return code


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Person]:
    """Sessions of now."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = Desk.open(tmp_path / "data")
    desk.clock.at = time.time()
    made = {
        "anna": desk.person("anna"),
        "bram": desk.person("bram"),
        "admin": desk.person("admin", Role.DOMAIN_ADMIN),
    }
    desk.store.close()
    return made


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "data", capsys, monkeypatch)


def test_one_s_own_devices_need_no_secret(shell: Shell, people: dict[str, Person]) -> None:
    anna = people["anna"]
    until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3 * DAY))
    bound = ("--network", "192.0.2.0/24", "--network", "2001:db8::/32", "--expires", until)
    made = shell.json(anna, "device", "add", "me", "phone", *bound)
    assert made["email"] == made["device"]["username"] == "anna@example.test"
    assert made["device"]["password"].startswith("px1-")
    assert made["device"]["networks"] == ["192.0.2.0/24", "2001:db8::/32"]
    assert shell.refused(anna, "device", "add", "me", "x", "--network", "192.0.2.1/24") == "invalid"
    assert shell.refused(anna, "device", "add", "me", "x", "--expires", "tomorrow") == "no-time"
    assert shell.refused(anna, "device", "add", "bram@example.test", "x") == "not-found"
    status, out = shell.run(anna, "device", "list", "me")
    assert status == 0
    for part in ("phone", "imap", "active", "from 192.0.2.0/24", f"until {until}"):
        assert part in out


def test_a_change_by_label_or_number(shell: Shell, people: dict[str, Person]) -> None:
    anna = people["anna"]
    number = shell.json(anna, "device", "add", "me", "phone", "--network", "192.0.2.0/24")["device"]["id"]
    changed = shell.json(anna, "device", "change", "me", "phone", "--label", "old", "--expires", "2100-01-01")[
        "device"
    ]
    assert (changed["label"], changed["networks"], changed["expires_at"]) == ("old", ["192.0.2.0/24"], 4_102_444_800)
    free = shell.json(anna, "device", "change", "me", str(number), "--from-everywhere", "--without-end")["device"]
    assert (free["label"], free["networks"], free["expires_at"]) == ("old", [], None)
    assert shell.refused(anna, "device", "change", "me", "phone", "--label", "x") == "not-found"


def test_of_two_with_one_label_the_number_is_asked_for(shell: Shell, people: dict[str, Person]) -> None:
    anna, admin = people["anna"], people["admin"]
    first, _ = (shell.json(anna, "device", "add", "me", "phone")["device"]["id"] for _ in range(2))
    assert shell.refused(admin, "device", "revoke", "anna@example.test", "phone") == "not-found"
    assert shell.json(admin, "device", "revoke", "anna@example.test", str(first))["device"]["id"] == first
    assert shell.json(admin, "device", "revoke", "anna@example.test", "phone")["device"]["label"] == "phone"
    assert "revoked" in shell.run(anna, "device", "list", "me")[1]


def test_nobody_signed_in_is_the_operator(
    shell: Shell, people: dict[str, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    phone = shell.json(people["anna"], "device", "add", "me", "phone")["device"]
    assert shell.refused(None, "device", "add", "anna@example.test", "x") == "secret-needed"
    assert shell.refused(None, "device", "add", "bram@example.test", "x", "--secret", phone["password"]) == (
        "sign-in-refused"
    )
    monkeypatch.setattr("sys.stdin.readline", lambda: phone["password"] + "\n", raising=False)
    assert shell.json(None, "device", "add", "anna@example.test", "tablet", "--secret", "-")["device"]["id"]
    assert shell.refused(None, "session", "list", "anna@example.test") == "forbidden"


def test_logins_are_listed_and_ended(shell: Shell, people: dict[str, Person]) -> None:
    anna, admin = people["anna"], people["admin"]
    (own,) = shell.json(anna, "session", "list")["sessions"]
    assert (own["kind"], own["current"]) == ("control", True)
    assert "this one" in shell.run(anna, "session", "list")[1]
    assert shell.refused(admin, "session", "end", "mail-1", "anna@example.test") == "not-found"
    assert shell.json(admin, "session", "end", own["id"], "anna@example.test") == {"sessions": []}
    assert shell.refused(anna, "session", "list") == "session-ended"
