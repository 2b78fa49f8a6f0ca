"""Login, enrolment and the ways back on the command line: as a script does them, and as a person types them."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import typer
from pyotp import TOTP

from bridge import clock
from postex_tui import asking, cli
from storage.access import enrolment, passwords
from storage.keys.keyring import AccountKeys
from storage.keys.slots import SlotKind
from storage.people import accounts
from tests import stores

OWNER = "postmaster@example.test"
PASSWORD = "een lamp bij het raam"
NEW = "vijf blauwe stenen op een rij"


class Desk:
    """A data folder, its owner, and a clock that the test turns."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.data, self.at = data, 1_800_000_000.0
        self._capsys = capsys
        monkeypatch.setattr(clock, "system", lambda: self.at)
        monkeypatch.setattr("time.time", lambda: self.at)
        self.enrolment_code = self.ask("init", "--domain", "example.test", "--country", "NL")["owner"][
            "enrolment_code"
        ]
        self.totp = TOTP("A" * 32)
        self.recovery_codes: list[str] = []

    def run(self, *arguments: str) -> tuple[int, str, str]:
        status = cli.main([*arguments, "--data", str(self.data)])
        out, err = self._capsys.readouterr()
        return status, out, err

    def ask(self, *arguments: str) -> dict[str, Any]:
        status, out, err = self.run(*arguments, "--json")
        assert (status, err) == (0, ""), out
        answer: dict[str, Any] = json.loads(out)
        return answer

    def refused(self, *arguments: str) -> str:
        status, out, _ = self.run(*arguments, "--json")
        assert status != 0
        code: str = json.loads(out)["error"]["code"]
        return code

    def code(self) -> str:
        """The next one: time passes."""
        self.at += 30
        return self.totp.at(int(self.at))

    def enrol(self) -> None:
        begun = self.ask("enrol", OWNER, "--code", self.enrolment_code, "--begin")
        self.totp = TOTP(begun["secret"])
        given = ("--first-code", self.code(), "--new-password", PASSWORD, "--accept", begun["domain_mode"])
        done = self.ask("enrol", OWNER, "--code", self.enrolment_code, *given)
        self.recovery_codes = done["recovery_codes"]

    def login(self, password: str = PASSWORD) -> dict[str, Any]:
        return self.ask("login", OWNER, "--password", password, "--code", self.code())


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LANG", "C")
    for name in ("LC_ALL", "LC_MESSAGES", "POSTEX_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(passwords, "_COSTS", "argon2id$v=19$m=64,t=1,p=1")
    monkeypatch.setattr(asking, "is_interactive", lambda: False)
    return Desk(tmp_path / "data", capsys, monkeypatch)


def test_a_script_enrols_signs_in_and_out(desk: Desk, tmp_path: Path) -> None:
    desk.enrol()
    assert len(desk.recovery_codes) == 10
    signed_in = desk.login()
    assert (signed_in["email"], signed_in["roles"], "token" in signed_in) == (OWNER, ["owner"], False)
    (kept,) = (tmp_path / "state" / "postex").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().startswith("ps1-")
    assert desk.ask("logout") == {"ended": True}
    assert not kept.exists()
    assert desk.ask("logout") == {"ended": False}


def test_what_a_script_does_not_give_it_is_told(desk: Desk) -> None:
    assert desk.refused("enrol", OWNER) == "secret-needed"
    assert desk.refused("enrol", OWNER, "--code", desk.enrolment_code) == "secret-needed"
    assert desk.refused("login") == "secret-needed"
    assert desk.refused("login", OWNER, "--password", PASSWORD) == "secret-needed"
    assert desk.refused("recover", "totp", OWNER) == "secret-needed"
    given = ("--code", desk.enrolment_code, "--first-code", "123456", "--new-password", PASSWORD)
    assert desk.refused("enrol", OWNER, *given) == "not-accepted"
    assert desk.refused("enrol", OWNER, *given, "--accept", "managed") == "code-refused"


def test_secrets_come_from_variables_or_standard_input(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk.enrol()
    monkeypatch.setenv("POSTEX_PASSWORD", PASSWORD)
    monkeypatch.setenv("POSTEX_CODE", desk.code())
    assert desk.ask("login", OWNER)["email"] == OWNER
    (tmp_path / "lines").write_text(f"{PASSWORD}\n{desk.code()}\n")
    with (tmp_path / "lines").open() as lines:
        monkeypatch.setattr("sys.stdin", lines)
        assert desk.ask("login", OWNER, "--password", "-", "--code", "-")["email"] == OWNER


def test_one_changes_ones_own_secrets(desk: Desk) -> None:
    desk.enrol()
    assert desk.refused("me", "recovery-codes") in ("forbidden", "sign-in-needed")
    desk.login()
    assert len(desk.ask("me", "recovery-codes")["recovery_codes"]) == 10
    desk.at += 301
    assert desk.refused("me", "password", "--new-password", NEW) == "step-up-needed"
    proof = ("--password", PASSWORD, "--code", desk.code())
    assert desk.refused("me", "password", "--new-password", "Wachtwoord2024!", *proof) == "password-common"
    assert desk.ask("me", "password", "--new-password", NEW) == {"changed": True}
    desk.at += 301
    assert "stepped_up_until" in desk.ask("step-up", "--password", NEW, "--code", desk.code())
    fresh = TOTP(desk.ask("me", "totp", "--begin")["secret"])
    assert desk.refused("me", "totp", "--first-code", "000000") == "code-refused"
    assert desk.ask("me", "totp", "--first-code", fresh.at(int(desk.at))) == {"changed": True}
    desk.totp = fresh
    desk.login(NEW)


def test_the_ways_back(desk: Desk) -> None:
    desk.enrol()
    first, second = (("--recovery-code", code) for code in desk.recovery_codes[:2])
    given = ("--code", desk.code(), "--new-password", NEW)
    assert desk.ask("recover", "password", OWNER, *first, *given) == {"recovery_codes_left": 9}
    assert desk.refused("recover", "password", OWNER, *first, "--code", desk.code(), "--new-password", NEW)
    fresh = TOTP(desk.ask("recover", "totp", OWNER, *second, "--password", NEW, "--begin")["secret"])
    given = ("--password", NEW, "--first-code", fresh.at(int(desk.at)))
    assert desk.ask("recover", "totp", OWNER, *second, *given) == {"recovery_codes_left": 8}
    desk.totp = fresh
    desk.login(NEW)


def test_a_reset_that_closes_documents_says_so_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.enrol()
    desk.login()
    desk.ask("me", "recovery-codes")
    desk.enrolment_code = renewal(desk)
    begun = desk.ask("enrol", OWNER, "--code", desk.enrolment_code, "--begin")
    assert begun["closes"] == 1
    desk.totp = TOTP(begun["secret"])
    given = (
        "enrol",
        OWNER,
        "--code",
        desk.enrolment_code,
        "--new-password",
        NEW,
        "--accept",
        "managed",
        "--first-code",
    )
    assert desk.refused(*given, desk.code()) == "documents-would-close"
    keyboard = Keyboard(monkeypatch, desk)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: False)
    assert desk.run("enrol", OWNER, "--accept", "managed")[0] == 1
    assert begun["closes_text"] in keyboard.shown
    desk.totp = TOTP(desk.ask("enrol", OWNER, "--code", desk.enrolment_code, "--begin")["secret"])
    assert desk.ask(*given, desk.code(), "--accept-closing")["closed"] == 1
    desk.login(NEW)


def renewal(desk: Desk) -> str:
    """A code with a new key, as an admin without the old one makes it."""
    with stores.opened(desk.data) as store:
        account = store.read_now(accounts.by_email, OWNER)
        lock = (store.server_keys, store.shred, account, AccountKeys(account.public_id, os.urandom(32)))
        made = store.write_now(enrolment.add_enrolment, *lock, int(desk.at), kind=SlotKind.RENEWAL)
    return made.code


class Keyboard:
    """What a person types, prompt by prompt."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
        self.desk, self.shown = desk, ""
        self.passwords: list[str] = []
        monkeypatch.setattr(asking, "is_interactive", lambda: True)
        monkeypatch.setattr(asking, "say", self._see)
        monkeypatch.setattr(typer, "prompt", self._prompt)
        monkeypatch.setattr(typer, "confirm", lambda *_, **__: True)

    def _see(self, text: str) -> None:
        self.shown += text
        if "secret into it: " in text:
            self.desk.totp = TOTP(text.rpartition(": ")[2].replace(" ", "").strip())

    def _prompt(self, prompt: str, **_: object) -> str:
        if "admin" in prompt:
            return self.desk.enrolment_code
        if "assword" in prompt:
            return self.passwords.pop(0)
        if "recovery" in prompt:
            return self.desk.recovery_codes.pop()
        code = self.desk.code()
        return f" {code[:3]} {code[3:]} "


def test_a_person_is_asked_and_may_try_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = Keyboard(monkeypatch, desk)
    keyboard.passwords = ["password1234", PASSWORD]
    status, out, _ = desk.run("enrol", OWNER)
    assert status == 0
    assert "spare key" in keyboard.shown
    assert "█" in keyboard.shown
    assert "everybody tries first" in keyboard.shown
    desk.recovery_codes = [line.strip() for line in out.splitlines() if line.startswith("  ")]
    keyboard.passwords = [PASSWORD]
    assert desk.run("login", OWNER)[0] == 0
    desk.at += 301
    keyboard.passwords = [NEW, PASSWORD, NEW]
    assert desk.run("me", "password")[0] == 0
    assert desk.run("me", "totp")[0] == 0
    assert desk.run("recover", "totp", OWNER, "--password", NEW)[0] == 0
    keyboard.passwords = [PASSWORD]
    assert desk.run("recover", "password", OWNER)[0] == 0
    keyboard.passwords = [PASSWORD]
    assert desk.run("login", OWNER)[0] == 0


def test_after_a_wrong_code_the_password_is_not_asked_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = Keyboard(monkeypatch, desk)
    keyboard.passwords = [PASSWORD]
    codes = ["000000"]
    right = desk.code
    monkeypatch.setattr(desk, "code", lambda: codes.pop() if codes else right())
    assert desk.run("enrol", OWNER)[0] == 0
    assert "not a code of the second factor" in keyboard.shown


def test_who_does_not_accept_keeps_the_code(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard = Keyboard(monkeypatch, desk)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: False)
    assert desk.run("enrol", OWNER)[0] == 1
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: True)
    keyboard.passwords = [PASSWORD]
    assert desk.run("enrol", OWNER)[0] == 0
