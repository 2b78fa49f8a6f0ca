"""Commands for accounts, aliases, domains, roles and oneself, without a bridge: the very same routes."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from postex_tui import cli
from storage.records import Role
from tests.control import FIRST, SECOND, Desk, Person


class Shell:
    """Runs commands as one person, or (None) as the operator of the machine."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.data = data
        self._capsys = capsys
        self._patch = patch

    def run(self, who: Person | None, *arguments: str) -> tuple[int, str, str]:
        if who is None:
            self._patch.delenv("POSTEX_TOKEN", raising=False)
        else:
            self._patch.setenv("POSTEX_TOKEN", who.token)
        status = cli.main([*arguments, "--data", str(self.data)])
        return status, *self._capsys.readouterr()

    def json(self, who: Person | None, *arguments: str) -> Any:
        status, out, err = self.run(who, *arguments, "--json")
        assert status == 0, err
        return json.loads(out)

    def words(self, who: Person | None, *arguments: str) -> str:
        status, out, err = self.run(who, *arguments)
        assert status == 0, err
        return out

    def refused(self, who: Person | None, *arguments: str) -> str:
        status, out, _ = self.run(who, *arguments, "--json")
        assert status != 0
        code: str = json.loads(out)["error"]["code"]
        return code


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Person]:
    """An owner, an admin, one who helps, a sender and a recipient; sessions of now."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = Desk.open(tmp_path / "data")
    desk.clock.at = time.time()
    made = {
        "chief": desk.person("chief", role=Role.OWNER),
        "admin": desk.person("admin", Role.DOMAIN_ADMIN),
        "help": desk.person("help", Role.SUPPORT),
        "erp": desk.person("erp", role=Role.SENDER),
        "anna": desk.person("anna"),
    }
    desk.store.close()
    return made


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "data", capsys, monkeypatch)


def test_an_account_is_added_shown_listed_closed_and_reopened(shell: Shell, people: dict[str, Person]) -> None:
    admin = people["admin"]
    details = ("--legal-name", "E. de Boer", "--phone", "020 555", "--contact-email", "eva@home.test")
    email = f"eva@{FIRST}"
    said = shell.words(admin, "account", "add", email, "--name", "Eva", *details, "--alias", f"boer@{FIRST}")
    assert "Enrolment code (72 hours, once):" in said
    assert "Nothing goes to eva@home.test before its owner confirms it: postex me contact verify" in said
    assert f"With the code: postex enrol {email}, or F6 at the sign-in" in said
    shown = shell.json(admin, "account", "show", email)
    assert (shown["legal_name"], shown["state"]) == ("E. de Boer", "invited")
    assert "not verified" in shell.words(admin, "account", "show", email)
    found = shell.json(admin, "account", "list", "--state", "invited")["accounts"]
    assert [(row["email"], row["name"], row["domain"]) for row in found] == [(email, "Eva", FIRST)]
    assert len(shell.json(admin, "account", "list", "--sort", "-created", "--limit", "2")["accounts"]) == 2
    assert shell.json(admin, "account", "close", email)["state"] == "closed"
    assert shell.json(admin, "account", "reopen", email) == {"email": email, "state": "invited"}
    assert shell.refused(admin, "account", "reopen", email) == "wrong-state"


def test_a_new_invitation(shell: Shell, people: dict[str, Person]) -> None:
    made = shell.json(None, "account", "add", f"eva@{FIRST}")
    again = shell.json(None, "account", "invite", f"EVA@{FIRST}")
    assert again["email"] == f"eva@{FIRST}"
    assert again["enrolment_code"] != made["enrolment_code"]
    assert shell.refused(None, "account", "invite", people["anna"].account.email) == "wrong-state"


def test_helpers_see_people_masked(shell: Shell, people: dict[str, Person]) -> None:
    said = shell.words(people["help"], "account", "list")
    assert "a…@e…" in said
    assert "anna" not in said.lower()
    assert "masked" in shell.words(people["help"], "account", "show", people["anna"].account.email)


def test_an_admin_renames_and_takes_it_back(shell: Shell, people: dict[str, Person]) -> None:
    admin, email = people["admin"], people["anna"].account.email
    said = shell.words(admin, "account", "rename", email, "Anna Jansen")
    assert "A message about it is in the mailbox" in said
    changed = shell.json(admin, "account", "set", email, "--phone", "020 555", "--quota", "1000", "--locale", "en")
    assert [each["field"] for each in changed["changes"]] == ["phone"]
    assert (changed["account"]["name"], changed["account"]["quota_bytes"]) == ("Anna Jansen", 1000)
    for each in shell.json(admin, "account", "changes", email)["changes"]:
        shell.json(admin, "account", "undo", email, str(each["id"]))
    assert "undone" in shell.words(admin, "account", "changes", email)
    shown = shell.json(admin, "account", "show", email)
    assert (shown["name"], shown["phone"], shown["locale"]) == ("Anna", None, "en")


def test_oneself(shell: Shell, people: dict[str, Person]) -> None:
    anna = people["anna"]
    assert shell.json(anna, "me", "show")["email"] == anna.account.email
    shell.json(anna, "me", "set", "--phone", "020 555")
    changed = shell.json(anna, "me", "set", "--name", "Anna Jansen", "--phone", "none", "--note-client")
    assert (changed["account"]["name"], changed["account"]["phone"]) == ("Anna Jansen", None)
    assert changed["account"]["client_noted"]
    assert shell.words(anna, "me", "set", "--locale", "en") == "Your settings are changed.\n"
    assert shell.refused(anna, "me", "set") == "usage"
    (phone, name, *_) = shell.json(anna, "me", "changes")["changes"]
    assert {phone["field"], name["field"]} == {"phone", "name"}
    shell.json(anna, "me", "undo", str(phone["id"]))
    assert shell.refused(anna, "me", "undo", str(phone["id"])) == "not-found"
    assert "domain-admin" in shell.words(people["admin"], "me", "show")
    assert shell.words(people["admin"], "me", "changes") == "None.\n"
    assert shell.refused(None, "me", "show") in ("forbidden", "sign-in-needed")


def test_aliases(shell: Shell, people: dict[str, Person]) -> None:
    anna, alias = people["anna"], f"anna-shop@{FIRST}"
    shell.json(anna, "alias", "add", "me", alias, "--only-from", "@shop.test", "--label", "shop")
    assert shell.words(anna, "alias", "list", "me") == f"{alias}  only from @shop.test  shop\n"
    assert shell.refused(anna, "alias", "add", "me", f"boss@{FIRST}") == "alias-form"
    shell.json(None, "alias", "add", anna.account.email, f"boss@{FIRST}")
    shell.json(anna, "alias", "remove", "me", alias.upper())
    left = shell.json(None, "alias", "list", anna.account.email)["aliases"]
    assert [each["address"] for each in left] == [f"boss@{FIRST}"]


def test_addresses_of_a_sender(shell: Shell, people: dict[str, Person]) -> None:
    email = people["erp"].account.email
    assert shell.json(people["admin"], "sender", "allow", email, "post@energie.test")["from"] == ["post@energie.test"]
    assert shell.json(people["admin"], "sender", "addresses", email)["from"] == ["post@energie.test"]
    assert shell.json(people["admin"], "sender", "forbid", email, "Post@energie.test")["from"] == []


def test_domains(shell: Shell, people: dict[str, Person]) -> None:
    chief = people["chief"]
    made = shell.json(chief, "domain", "add", "zorg.example", "--country", "BE", "--mode", "private")
    assert made == {"name": "zorg.example", "mode": "private", "country": "BE"}
    assert [each["name"] for each in shell.json(None, "domain", "list")["domains"]] == [FIRST, SECOND, "zorg.example"]
    assert [each["name"] for each in shell.json(people["admin"], "domain", "list")["domains"]] == [FIRST]
    assert shell.refused(people["admin"], "domain", "add", "x.example", "--country", "BE") == "forbidden"


def test_roles(shell: Shell, people: dict[str, Person]) -> None:
    chief, email = people["chief"], people["anna"].account.email
    there = ("--domain", FIRST)
    assert shell.refused(chief, "role", "grant", email, "support", *there) == "time-box-needed"
    until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 5 * 86_400))
    given = shell.json(chief, "role", "grant", email, "support", *there, "--ticket", "T-9", "--until", until)
    assert given["ticket"] == "T-9"
    listed = shell.words(chief, "role", "list")
    assert "T-9" in listed
    assert "until " + until in listed
    of_anna = shell.json(chief, "role", "list", "--account", email)["roles"]
    assert [each["id"] for each in of_anna] == [given["id"]]
    assert shell.json(chief, "role", "review", "--confirm", str(given["id"])) == {
        "due": [],
        "confirmed": [given["id"]],
    }
    assert "Revoked" in shell.words(chief, "role", "revoke", str(given["id"]))
    assert shell.refused(chief, "role", "revoke", str(given["id"])) == "not-found"
    assert shell.refused(people["anna"], "role", "list") == "forbidden"


def test_trust_of_a_sender(shell: Shell, people: dict[str, Person]) -> None:
    admin, email = people["admin"], people["anna"].account.email
    assert "it signs in" in shell.words(admin, "sender", "trust", email)
    options = ("--network", "10.0.0.0/24", "--dkim-domain", "energie.test")
    assert shell.json(admin, "sender", "trust", email, *options)["networks"] == ["10.0.0.0/24"]
    assert "DKIM energie.test" in shell.words(admin, "sender", "trust", email)
    assert shell.json(admin, "sender", "trust", email, "--nothing")["dkim_domains"] == []
