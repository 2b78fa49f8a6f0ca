"""`postex audit`, `me looks`, `statistics` without a bridge: as the operator, through the very same routes."""

import json
from pathlib import Path

import pytest

from postex_tui import cli
from postex_tui.answers import Refusal
from postex_tui.moments import as_epoch, as_text
from storage.engine import statements
from tests import stores


@pytest.fixture
def data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    made = tmp_path / "data"
    assert cli.main(["init", "--domain", "example.test", "--country", "NL", "--data", str(made)]) == 0
    capsys.readouterr()
    return made


def run(capsys: pytest.CaptureFixture[str], data: Path, *arguments: str) -> tuple[int, str]:
    status = cli.main([*arguments, "--data", str(data)])
    return status, capsys.readouterr().out


def change(data: Path, sql: str) -> None:
    with stores.opened(data) as store:
        store.write_now(statements.run, sql)


def test_list(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    status, out = run(capsys, data, "audit", "list")
    assert (status, "account.created" in out, "domain.created" in out) == (0, True, True)
    status, out = run(capsys, data, "audit", "list", "--kind", "domain", "--json")
    events = json.loads(out)["events"]
    assert [event["kind"] for event in events] == ["domain.created"]
    assert events[0]["subject"] == {"noun": "domain", "id": None, "name": "example.test", "role": None}
    assert run(capsys, data, "audit", "list", "--until", "2001-01-01") == (0, "No such events.\n")
    _, out = run(capsys, data, "audit", "list", "--limit", "1", "--json")
    assert len(json.loads(out)["events"]) == 1


def test_show(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    _, out = run(capsys, data, "audit", "show", "2", "--json")
    shown = json.loads(out)
    _, plain = run(capsys, data, "audit", "show", "2")
    assert shown["hash"] in plain
    assert shown["previous"] in plain
    assert run(capsys, data, "audit", "show", "9999")[0] == 1
    _, out = run(capsys, data, "audit", "list", "--position", "2", "--actor", "system", "--json")
    assert all(event["position"] <= 2 for event in json.loads(out)["events"])


def test_verify_and_head(capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path) -> None:
    status, out = run(capsys, data, "audit", "head", "--json")
    kept = tmp_path / "head.json"
    kept.write_text(out)
    status, out = run(capsys, data, "audit", "verify", "--head", str(kept))
    assert (status, out.count("holds;")) == (0, 1)
    assert "public key" in run(capsys, data, "audit", "head")[1]


def test_an_altered_event_is_named_and_the_exit_status_says_so(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    change(data, "UPDATE audit_event SET at = at + 1 WHERE position = 2")
    status, out = run(capsys, data, "audit", "verify")
    assert (status, out) == (1, "The log does not hold from position 2 on: events were changed there.\n")
    status, out = run(capsys, data, "audit", "verify", "--json")
    assert (status, json.loads(out)["broken_at"]) == (1, 2)


def test_a_wrong_index_is_named_and_made_anew(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    change(data, "DELETE FROM audit_involved")
    status, out = run(capsys, data, "audit", "verify")
    assert (status, "wrong at position" in out, "postex audit reindex" in out) == (1, True, True)
    assert run(capsys, data, "audit", "reindex")[0] == 0
    assert run(capsys, data, "audit", "verify")[0] == 0


def test_a_database_rolled_back_is_shown_by_the_head_alone(
    capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path
) -> None:
    earlier = {name: (data / name).read_bytes() for name in ("postex.db", "keyring.db")}
    run(capsys, data, "account", "add", "anna@example.test", "--name", "Anna")
    kept = tmp_path / "head.json"
    kept.write_text(run(capsys, data, "audit", "head", "--json")[1])
    for name, content in earlier.items():
        (data / name).write_bytes(content)
    assert run(capsys, data, "audit", "verify")[0] == 0
    status, out = run(capsys, data, "audit", "verify", "--head", str(kept))
    assert (status, ": cut; the log ends before it" in out) == (1, True)


@pytest.mark.parametrize("content", [None, "", "nonsense", "[]", "{}", '{"position": 1}', "[" * 9999])
def test_a_file_that_holds_no_head_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path, content: str | None
) -> None:
    kept = tmp_path / "head.json"
    if content is not None:
        kept.write_text(content)
    assert run(capsys, data, "audit", "verify", "--head", str(kept))[0] == 2


def test_the_operator_is_nobody_with_looks_of_their_own(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    assert run(capsys, data, "me", "looks")[0] == 1
    assert run(capsys, data, "statistics")[0] == 1


def test_times() -> None:
    assert as_epoch("2026-11-01") == as_epoch("2026-11-01T01:00+01:00") == 1793491200
    assert as_text(1793491200) == "2026-11-01 00:00:00"
    assert as_text(2**62) == str(2**62)
    with pytest.raises(Refusal):
        as_epoch("yesterday")
