"""The command line by itself: quick to start, clear when misused, one JSON object with --json."""

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from postex_tui import cli
from postex_tui.commands import tui, version
from storage.errors import OverQuota, StorageError

HEAVY = (
    *("sqlalchemy", "sqlmodel", "textual", "pydantic_settings", "cryptography", "aiosmtpd", "structlog", "rich"),
    *("fastapi", "httpx", "uvicorn", "argon2", "babel"),
)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("arguments", [["version"], ["--help"], ["account", "add", "--help"], ["serve", "--help"]])
def test_light_commands_load_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys; from postex_tui.cli import main; status = main(sys.argv[1:]);"
        f"heavy = sorted(set({HEAVY!r}) & set(sys.modules)); assert not heavy, heavy; sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def test_a_command_for_a_running_bridge_loads_no_database() -> None:
    program = (
        "import sys, postex_tui.client;"
        "heavy = {'sqlalchemy', 'sqlmodel', 'fastapi', 'sqlcipher3'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "version") == (0, f"postex {metadata.version('postex')}\n", "")
    status, out, _ = run(capsys, "version", "--json")
    assert (status, json.loads(out)) == (0, {"version": metadata.version("postex")})


def test_misuse_names_the_help_of_its_own_command(capsys: pytest.CaptureFixture[str]) -> None:
    err = run(capsys, "account", "add", "a@b", "--data", "x", "--role", "king")[2]
    assert err.endswith("(see postex account add --help)\n")
    assert "Value error" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["account", "frobnicate"],
        ["init", "--data", "x"],
        ["account", "add", "--data", "x"],
        ["account", "add", "a@b", "--data", "x", "--role", "king"],
        ["device", "add", "a@b", "phone", "--data", "x", "--scope", "all"],
        ["version", "--nonsense"],
    ],
)
def test_misuse_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("postex: ")
    assert err.count("\n") == 1
    status, out, err = run(capsys, *arguments, "--json")
    assert status == 2
    assert json.loads(out)["error"]["code"] == "usage"


@pytest.mark.parametrize("arguments", [[], ["account"], ["device"], ["sender"]])
def test_a_bare_noun_is_answered_with_help(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert "Usage:" in out
    assert err == ""


@pytest.mark.parametrize("command", [["account", "list"], ["serve"], ["account", "add", "anna@example.test"]])
def test_a_folder_without_a_bridge_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str]
) -> None:
    status, out, err = run(capsys, *command, "--data", str(tmp_path))
    assert (status, out) == (1, "")
    assert str(tmp_path) in err
    assert "postex init" in err


@pytest.mark.parametrize("command", ["status", "tui"])
def test_commands_and_the_app_seek_a_bridge_at_the_same_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.delenv("POSTEX_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv(tui.DRIVER, tui.BROWSER)  # no terminal is asked for
    for user, place in ((1000, tmp_path / "postex"), (0, Path("/var/lib/postex"))):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert f"{place} holds no bridge; say with --data or POSTEX_DATA" in run(capsys, command)[2]


def test_a_wrong_setting_is_named_with_status_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTEX_IMAP__TLS_PORT", "imap")
    status, out, err = run(capsys, "serve", "--data", str(tmp_path))
    assert (status, out) == (2, "")
    assert err.startswith("postex: imap.tls_port: must be a port")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [(OverQuota(), "over-quota", "over-quota"), (StorageError("no room"), "storage-error", "no room")],
)
def test_every_error_of_storage_has_a_code_and_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: StorageError, code: str, words: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(version, "answer", fail)
    status, out, err = run(capsys, "version", "--json")
    assert (status, err) == (1, f"postex: {words}\n")
    assert json.loads(out) == {"error": {"code": code, "message": words}}
