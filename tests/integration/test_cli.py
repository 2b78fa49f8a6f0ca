"""The command line as scripts use it: on a real data folder, one JSON object, clear refusals."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from postex_tui import cli
from storage.access.devices import sign_in
from storage.database import Store
from storage.errors import SignInRefused
from storage.keys.master import MasterKey
from storage.keys.recovery import RecoveryKit, open_master
from storage.people.accounts import by_email
from storage.people.senders import identities
from storage.records import Scope
from tests import stores

NOW = 1_800_000_000


class Office:
    """A data folder and the command line on it, in this process."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = data
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        status = cli.main([*arguments, "--data", str(self.data)])
        out, err = self._capsys.readouterr()
        return status, out, err

    def ask(self, *arguments: str) -> dict[str, Any]:
        status, out, err = self.run(*arguments, "--json")
        assert (status, err) == (0, "")
        assert out.count("\n") == 1
        answer: dict[str, Any] = json.loads(out)
        return answer

    def refused(self, *arguments: str) -> tuple[str, str]:
        """(code, message); the same message as one line of standard error."""
        status, out, err = self.run(*arguments, "--json")
        assert status != 0
        error = json.loads(out)["error"]
        assert err == f"postex: {error['message']}\n"
        assert "Traceback" not in err
        return error["code"], error["message"]

    def store(self) -> Store:
        return stores.opened(self.data)

    def opens(self, credentials: dict[str, Any], scope: Scope) -> bool:
        with self.store() as store:
            arguments = (store.server_keys, store.shred, credentials["username"], credentials["password"], scope, NOW)
            try:
                store.read_now(sign_in, *arguments)
            except SignInRefused:
                return False
        return True


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    made = Office(tmp_path / "data", capsys)
    made.ask("init", "--domain", "example.test", "--country", "NL")
    return made


def test_init_makes_a_private_folder_and_a_kit_that_opens_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office = Office(tmp_path / "new" / "data", capsys)
    answer = office.ask("init", "--domain", "Example.TEST", "--country", "nl", "--owner", "eva@example.test")
    assert (answer["domain"], answer["country"]) == ("example.test", "NL")
    kit = RecoveryKit.parse(answer["recovery_kit"])
    sealed = (office.data / "recovery" / "master.sealed").read_bytes()
    assert open_master(kit, sealed) == MasterKey.load(office.data / "master.key")
    assert answer["owner"]["account"] == "eva@example.test"
    assert (office.data.stat().st_mode & 0o777, (office.data / "master.key").stat().st_mode & 0o777) == (0o700, 0o400)
    fingerprint = subprocess.run(
        ["openssl", "x509", "-in", str(office.data / "tls" / "cert.pem"), "-noout", "-fingerprint", "-sha256"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert fingerprint.stdout.strip().endswith(answer["tls_fingerprint"])


def test_init_shows_the_kit_for_paper_and_camera(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = Office(tmp_path / "data", capsys).run("init", "--domain", "example.test", "--country", "NL")
    assert status == 0
    assert "█" in out
    assert "RECOVERY KIT" in out


@pytest.mark.parametrize("there", ["postex.toml", "notes.txt", ".hidden"])
def test_init_refuses_a_folder_that_holds_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], there: str
) -> None:
    (tmp_path / there).write_text("x")
    code, message = Office(tmp_path, capsys).refused("init", "--domain", "example.test", "--country", "NL")
    assert code == "data-exists"
    assert str(tmp_path) in message
    assert [path.name for path in tmp_path.iterdir()] == [there]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--domain", "no domain", "--country", "NL"), "Type a domain such as example.org"),
        (("--domain", "example", "--country", "NL"), "Type a domain such as example.org"),
        (("--domain", "example.test", "--country", "NL", "--hostname", "a b"), "such as post.example.org"),
        (("--domain", "example.test", "--country", "Holland"), "two letters, such as NL"),
        (("--domain", "example.test", "--country", "US"), "US is not there"),
        (("--domain", "example.test", "--country", "NL", "--owner", "eva@elsewhere.test"), "ends in @example.test"),
    ],
)
def test_a_refused_init_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], named: str
) -> None:
    office = Office(tmp_path / "data", capsys)
    assert named in office.refused("init", *arguments)[1]
    assert not office.data.exists() or not any(office.data.iterdir())
    office.ask("init", "--domain", "example.test", "--country", "NL")


def test_a_refusal_of_init_is_in_the_language_of_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "nl_NL.UTF-8")
    told = Office(tmp_path / "data", capsys).refused("init", "--domain", "example.test", "--country", "Holland")[1]
    assert told == "Typ het land als twee letters, zoals NL."


def test_a_recipient_with_a_device_can_read_and_answer(office: Office) -> None:
    answer = office.ask("account", "add", "anna@example.test", "--name", "Anna de Vries", "--device", "phone")
    assert answer["email"] == answer["device"]["username"] == "anna@example.test"
    assert office.opens(answer["device"], Scope.IMAP)
    assert office.opens(answer["device"], Scope.SMTP_SEND)


def test_a_sender_with_a_device_can_send_and_not_read(office: Office) -> None:
    addresses = ("--from", "facturen@energie.test", "--from", "post@energie.test")
    answer = office.ask("sender", "add", "erp@example.test", "--name", "Energie BV", *addresses, "--device", "erp")
    assert answer["from"] == ["facturen@energie.test", "post@energie.test"]
    assert office.opens(answer["device"], Scope.SMTP_SEND)
    assert not office.opens(answer["device"], Scope.IMAP_READ)
    with office.store() as store:
        account = store.read_now(by_email, "erp@example.test")
        assert store.read_now(identities, account.id) == {*answer["from"], "erp@example.test"}


def test_without_a_device_there_is_no_key_device(office: Office) -> None:
    assert "device" not in office.ask("account", "add", "anna@example.test")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("account", "add", "postmaster@example.test"), "conflict"),
        (("account", "add", "anna@elsewhere.test"), "not-found"),
        (("account", "add", "anna"), "invalid"),
        (("account", "suspend", "nobody@example.test"), "not-found"),
        (("account", "resume", "postmaster@example.test"), "wrong-state"),
        (("device", "list", "nobody@example.test"), "not-found"),
        (("device", "revoke", "postmaster@example.test", "phone"), "not-found"),
        (("device", "add", "postmaster@example.test", "phone", "--secret", "wrong"), "sign-in-refused"),
        (("device", "add", "postmaster@example.test", "phone", "--secret", "px1-wrong-wrong"), "sign-in-refused"),
        (("sender", "add", "erp@example.test", "--from", "postmaster@example.test"), "conflict"),
    ],
)
def test_refusals_have_a_code_and_one_line(office: Office, arguments: tuple[str, ...], code: str) -> None:
    assert office.refused(*arguments)[0] == code


def test_a_refused_account_leaves_nothing(office: Office) -> None:
    office.refused("sender", "add", "erp@example.test", "--from", "postmaster@example.test")
    assert [row["email"] for row in office.ask("account", "list")["accounts"]] == ["postmaster@example.test"]


def test_suspend_and_resume(office: Office) -> None:
    device = office.ask("account", "add", "anna@example.test", "--device", "phone")["device"]
    assert office.ask("account", "suspend", "anna@example.test")["state"] == "suspended"
    assert not office.opens(device, Scope.IMAP)
    assert office.ask("account", "resume", "anna@example.test")["state"] == "invited"
    assert office.opens(device, Scope.IMAP)


def test_a_device_password_makes_another_device(office: Office) -> None:
    phone = office.ask("account", "add", "anna@example.test", "--device", "phone")["device"]
    tablet = office.ask("device", "add", "anna@example.test", "tablet", "--secret", phone["password"])["device"]
    assert office.opens(tablet, Scope.IMAP)
    assert [row["label"] for row in office.ask("device", "list", "anna@example.test")["devices"]] == [
        "phone",
        "tablet",
    ]


def test_an_enrolment_code_makes_one_device_and_is_spent(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    code = office.ask("account", "add", "anna@example.test")["enrolment_code"]
    monkeypatch.setenv("POSTEX_ACCOUNT_SECRET", code)
    assert office.refused("device", "add", "anna@example.test", "a\nb")[0] == "invalid"
    phone = office.ask("device", "add", "anna@example.test", "phone")["device"]
    assert office.opens(phone, Scope.IMAP)
    assert office.refused("device", "add", "anna@example.test", "tablet")[0] == "sign-in-refused"


def test_a_secret_of_another_account_opens_nothing(office: Office) -> None:
    bram = office.ask("account", "add", "bram@example.test", "--device", "phone")
    office.ask("account", "add", "anna@example.test")
    for secret in (bram["device"]["password"], bram["enrolment_code"]):
        assert office.refused("device", "add", "anna@example.test", "x", "--secret", secret)[0] == "sign-in-refused"


def test_a_device_that_only_sends_needs_no_secret(office: Office) -> None:
    office.ask("sender", "add", "erp@example.test")
    device = office.ask("device", "add", "erp@example.test", "scanner", "--scope", "smtp-send")["device"]
    assert office.opens(device, Scope.SMTP_SEND)


def test_a_script_that_gives_no_secret_is_told_how(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    code, message = office.refused("device", "add", "postmaster@example.test", "phone")
    assert code == "secret-needed"
    assert "POSTEX_ACCOUNT_SECRET" in message


def test_a_revoked_device_opens_nothing(office: Office) -> None:
    phone = office.ask("account", "add", "anna@example.test", "--device", "phone")["device"]
    office.ask("device", "revoke", "anna@example.test", "phone")
    assert not office.opens(phone, Scope.IMAP)
    assert office.ask("device", "list", "anna@example.test")["devices"][0]["revoked_at"] is not None


@pytest.mark.parametrize(
    "arguments", [("account", "list"), ("serve",), ("account", "add", "anna@example.test"), ("device", "list", "x@y")]
)
def test_while_another_process_holds_the_folder(office: Office, arguments: tuple[str, ...]) -> None:
    with office.store():
        status, out, err = office.run(*arguments)
    assert (status, out) == (1, "")
    assert str(office.data) in err
    assert "in use" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("fault", ["missing", "another", "garbage", "open to all"])
def test_a_wrong_master_key_is_one_line(office: Office, fault: str) -> None:
    path = office.data / "master.key"
    path.chmod(0o600)
    if fault == "missing":
        path.unlink()
    elif fault == "garbage":
        path.write_text("nonsense\n")
    elif fault == "open to all":
        path.chmod(0o644)
    else:
        path.unlink()
        MasterKey.generate().save(path)
    code, message = office.refused("account", "list")
    assert code in ("not-found", "invalid", "tampered")
    assert "key" in message
