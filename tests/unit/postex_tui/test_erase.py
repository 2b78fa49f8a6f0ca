"""`postex erase`, `hold` and `purge` without a bridge: the very same routes, signed in by POSTEX_TOKEN."""

import json
import time
from pathlib import Path

import pytest

from postex_tui import cli
from storage.records import Role
from tests.control import FIRST, Desk, Person


class Shell:
    """Runs commands as one person or another."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.data = data
        self._capsys = capsys
        self._patch = patch

    def run(self, who: Person, *arguments: str) -> tuple[int, str]:
        self._patch.setenv("POSTEX_TOKEN", who.token)
        status = cli.main([*arguments, "--data", str(self.data)])
        return status, self._capsys.readouterr().out

    def json(self, who: Person, *arguments: str) -> dict[str, object]:
        status, out = self.run(who, *arguments, "--json")
        assert status == 0, out
        found: dict[str, object] = json.loads(out)
        return found


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Person]:
    """Two admins, a recipient, an owner; sessions of now."""
    desk = Desk.open(tmp_path / "data")
    desk.clock.at = time.time()
    made = {
        "chief": desk.person("chief", role=Role.OWNER),
        "admin": desk.person("admin", Role.DOMAIN_ADMIN),
        "second": desk.person("second", Role.DOMAIN_ADMIN),
        "anna": desk.person("anna"),
        "bram": desk.person("bram"),
    }
    desk.store.close()
    return made


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "data", capsys, monkeypatch)


def test_an_account_waits_and_comes_back(shell: Shell, people: dict[str, Person]) -> None:
    anna, admin = people["anna"], people["admin"]
    status, out = shell.run(admin, "erase", "account", anna.account.email)
    assert (status, "The account is closed. It can be had back until" in out) == (0, True)
    found = shell.json(admin, "erase", "list")["erasures"]
    assert [(each["state"], each["kind"]) for each in found] == [("requested", "account")]  # type: ignore[attr-defined]
    assert shell.json(admin, "erase", "cancel", anna.account.email)["state"] == "cancelled"


def test_one_erases_oneself_and_gets_the_receipt(shell: Shell, people: dict[str, Person]) -> None:
    status, out = shell.run(people["anna"], "erase", "account", "me", "--now")
    assert (status, out) == (2, "")
    status, out = shell.run(people["anna"], "erase", "account", "me", "--now", "--yes")
    assert status == 0
    assert "keyring.shred_secret" in out
    assert "After this day no backup has a key to the documents" in out
    assert "signature" in out
    erasure = shell.json(people["admin"], "erase", "list")["erasures"][0]["id"]  # type: ignore[index]
    assert shell.json(people["admin"], "erase", "show", erasure)["state"] == "done"
    assert shell.run(people["anna"], "erase", "list")[0] == 1


def test_a_field_and_no_such_document(shell: Shell, people: dict[str, Person]) -> None:
    assert shell.json(people["anna"], "erase", "field", "phone")["state"] == "done"
    for wrong in (("document",), ("document", "x", "--mailbox", "INBOX", "--uid", "1"), ("document", "--uid", "1")):
        assert shell.run(people["anna"], "erase", *wrong)[0] == 2
    assert shell.run(people["anna"], "erase", "document", "nothing")[0] == 1
    assert shell.run(people["anna"], "erase", "document", "--mailbox", "INBOX", "--uid", "7")[0] == 1


def test_a_hold_is_placed_listed_and_lifted(shell: Shell, people: dict[str, Person]) -> None:
    anna, admin = people["anna"], people["admin"]
    wanted = ("--reason", "case 7", "--basis", "AWR 52", "--until", "2030-01-01")
    placed = shell.json(admin, "hold", "place", anna.account.email, *wanted)
    status, out = shell.run(anna, "erase", "account", "me", "--now", "--yes", "--json")
    assert (status, json.loads(out)["error"]["code"]) == (1, "held")
    assert "in force" in shell.run(admin, "hold", "list", anna.account.email)[1]
    assert shell.json(admin, "hold", "lift", str(placed["id"]))["in_force"] is False


def test_a_purge_by_two(shell: Shell, people: dict[str, Person]) -> None:
    admin, second = people["admin"], people["second"]
    assert shell.run(admin, "purge", "request", "--domain", FIRST, "--reason", "x")[0] == 2
    emails = [people[name].account.email for name in ("anna", "bram")]
    asked = shell.json(admin, "purge", "request", "--domain", FIRST, "--reason", "left us", *emails)
    number = str(asked["id"])
    assert "open until" in shell.run(admin, "purge", "list")[1]
    assert shell.run(admin, "purge", "approve", number)[0] == 1
    status, out = shell.run(second, "purge", "approve", number)
    assert (status, out.count("requested")) == (0, 2)
    assert "approved" in shell.run(second, "purge", "show", number)[1]
    assert shell.run(admin, "purge", "cancel", number)[0] == 1


def test_a_purge_by_filter(shell: Shell, people: dict[str, Person]) -> None:
    found = shell.run(
        people["admin"],
        *("purge", "request", "--domain", FIRST, "--reason", "x", "--state", "closed", "--before", "2020-01-01"),
    )
    assert found[0] == 1
