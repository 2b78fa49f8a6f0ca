"""`account reset`, `me rotate`, `domain escrow`, `escrow recover` and `break-glass`, through the very same routes."""

import json
import time
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from postex_tui import cli
from storage.access import escrow
from storage.keys.recovery import RecoveryKit
from storage.people import grants
from storage.records import DomainMode, Role
from tests import stores
from tests.control import FIRST, NOW, Desk, Person

from .test_erase import Shell

CHOSEN = "drie fietsen in de regen"


@dataclass
class Place:
    """Two admins with the spare key, one without, a recipient."""

    people: dict[str, Person]
    kit: RecoveryKit


def place(data: Path, mode: DomainMode = DomainMode.MANAGED) -> Place:
    kit = RecoveryKit.generate()
    desk = Desk.open(data, mode=mode)
    desk.clock.at = time.time()
    key = desk.store.write_now(escrow.create_key, desk.domains[FIRST], (), kit.public_key, NOW, "operator")
    made = {name: desk.person(name, Role.DOMAIN_ADMIN) for name in ("admin", "second", "keyless")}
    made |= {"anna": desk.person("anna")}
    for name in ("admin", "second"):
        if key is not None:
            desk.store.write_now(escrow.entrust, key, made[name].account, NOW, "operator", custodian=False)
    desk.store.close()
    return Place(made, kit)


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "data", capsys, monkeypatch)


@pytest.fixture
def managed(tmp_path: Path) -> Place:
    return place(tmp_path / "data")


def refused(shell: Shell, who: Person, *arguments: str) -> str:
    status, out = shell.run(who, *arguments, "--json")
    assert status != 0
    code: str = json.loads(out)["error"]["code"]
    return code


def test_a_reset(shell: Shell, managed: Place) -> None:
    anna, people = managed.people["anna"].account.email, managed.people
    status, out = shell.run(people["admin"], "account", "reset", anna)
    assert (status, f"postex enrol {anna}" in out, "closes" in out) == (0, True, False)
    assert shell.json(people["admin"], "account", "reset", anna)["closes"] is None
    assert refused(shell, people["keyless"], "account", "reset", anna) == "no-escrow-key"


def test_a_reset_that_closes_documents(shell: Shell, tmp_path: Path) -> None:
    people = place(tmp_path / "data", DomainMode.PRIVATE).people
    anna = people["anna"].account.email
    assert refused(shell, people["admin"], "account", "reset", anna) == "documents-would-close"
    status, out = shell.run(people["admin"], "account", "reset", anna, "--closes-documents")
    assert (status, "ask for one first" in out) == (0, True)


def test_rotation(shell: Shell, managed: Place) -> None:
    anna = managed.people["anna"]
    assert refused(shell, anna, "me", "rotate", "--new-password", CHOSEN) == "not-sure"
    done = shell.json(anna, "me", "rotate", "--yes", "--new-password", CHOSEN)
    assert (done["documents"], done["refused"], len(done["recovery_codes"])) == (0, 0, 10)  # type: ignore[arg-type]
    assert refused(shell, anna, "me", "reopen", "--recovery-code", "x") == "session-ended"


def test_the_spare_key_is_handed_on(shell: Shell, managed: Place) -> None:
    people, keyless = managed.people, managed.people["keyless"].account.email
    status, out = shell.run(people["admin"], "domain", "escrow", "show", FIRST)
    assert (status, keyless in out, "fingerprint" in out) == (0, False, True)
    assert (
        refused(shell, people["admin"], "domain", "escrow", "hand-on", FIRST, "anna@example.test") == "not-an-admin"
    )
    assert shell.run(people["admin"], "domain", "escrow", "hand-on", FIRST, keyless)[0] == 0
    holders = shell.json(people["admin"], "domain", "escrow", "show", FIRST)["holders"]
    assert len(holders) == 3  # type: ignore[arg-type]
    status, out = shell.run(people["keyless"], "domain", "escrow", "renew", FIRST)
    assert (status, "4 accounts are under the new key" in out) == (0, True)


def test_the_kit_brings_the_spare_key_back(
    shell: Shell, managed: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keyless, anna = managed.people["keyless"], managed.people["anna"].account.email

    def recover(to: str, kit: str, domain: str = FIRST) -> str:
        monkeypatch.setattr("sys.stdin", StringIO(f"{kit}\n"))
        status = cli.main(["escrow", "recover", domain, to, "--kit", "-", "--data", str(shell.data), "--json"])
        found = json.loads(capsys.readouterr().out)
        return "done" if status == 0 else found["error"]["code"]

    text = managed.kit.text
    on_the_line = ["escrow", "recover", FIRST, anna, "--kit", text, "--data", str(shell.data)]
    assert cli.main(on_the_line) == 2, "others on the machine can see it there"
    capsys.readouterr()
    assert recover(keyless.account.email, RecoveryKit.generate().text) == "wrong-kit"
    assert recover(keyless.account.email, "not a kit") == "invalid"
    assert recover(anna, text) == "not-an-admin"
    assert recover(keyless.account.email, text, "nowhere.test") == "not-found"
    assert recover(keyless.account.email, text) == "done"
    assert shell.run(keyless, "account", "reset", anna)[0] == 0
    with stores.opened(shell.data) as store:
        assert store.read_now(escrow.held_domains, keyless.account.id) == [1]
        assert store.read_now(grants.effective, keyless.account, int(time.time()))


def test_break_glass(shell: Shell, managed: Place) -> None:
    people, anna = managed.people, managed.people["anna"].account.email
    wanted = ("break-glass", "request", anna, "--reason", "court order", "--hours", "2")
    assert refused(shell, people["admin"], *wanted, "--bar-basis", "law") == "usage"
    asked = shell.json(people["admin"], *wanted)
    number = str(asked["id"])
    assert refused(shell, people["admin"], "break-glass", "open", number) == "approval-needed"
    assert refused(shell, people["admin"], "break-glass", "approve", number) == "second-person-needed"
    status, out = shell.run(people["second"], "break-glass", "approve", number)
    assert (status, "was told" in out) == (0, True)
    status, out = shell.run(people["admin"], "break-glass", "open", number)
    assert (status, "px1-" in out) == (0, True)
    assert "open until" in shell.run(people["admin"], "break-glass", "list")[1]
    status, out = shell.run(people["second"], "break-glass", "revoke", number)
    assert (status, "revoked since" in out) == (0, True)
    assert refused(shell, people["second"], "break-glass", "revoke", number) == "break-glass-over"


def test_break_glass_under_a_bar(shell: Shell, managed: Place) -> None:
    until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86_400))
    wanted = ("break-glass", "request", managed.people["anna"].account.email, "--reason", "reason")
    asked = shell.json(managed.people["admin"], *wanted, "--bar-basis", "art. 126nc Sv", "--bar-until", until)
    status, out = shell.run(managed.people["second"], "break-glass", "approve", str(asked["id"]))
    assert (status, f"will be told on {until}" in out) == (0, True)
