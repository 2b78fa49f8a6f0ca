"""`postex outbox` and `postex processor` on the machine itself, while the bridge is down."""

import json
from pathlib import Path
from typing import Any

import pytest

from postex_tui.cli import main
from storage.deliveries import jobs
from storage.deliveries.terms import JobState
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import DomainMode, Role
from tests import stores
from tests.control import NOW
from tests.departures import job_of, leave


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """With a dead letter, 1, and an uncertain job, 2."""
    folder = tmp_path / "data"
    stores.create(folder)
    (folder / "postex.toml").write_text('hostname = "example.test"\n')
    with stores.opened(folder) as store:
        domain = store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
        draft = AccountDraft("anna@example.test", "Anna", Role.RECIPIENT)
        anna, _ = store.write_now(accounts.create, store.shred, draft, domain, NOW)
        for state in (JobState.DEAD, JobState.UNCERTAIN):
            job_id = job_of(store, leave(store, anna, NOW))
            store.write_now(jobs.park, job_id, state, "printer-silent", NOW)
    return folder


def asked(capsys: pytest.CaptureFixture[str], data: Path, *words: str, status: int = 0) -> Any:
    assert main([*words, "--data", str(data), "--json"]) == status
    return json.loads(capsys.readouterr().out)


def test_the_operator_lists_retries_settles_and_cancels(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = asked(capsys, data, "outbox", "list")["jobs"]
    assert [(job["id"], job["state"]) for job in listed] == [(2, "uncertain"), (1, "dead")]
    assert main(["outbox", "list", "--state", "dead", "--data", str(data)]) == 0
    line = capsys.readouterr().out
    assert "     1  dead       paper     since 2025-10-09" in line
    assert "anna@example.test  printer-silent" in line
    assert asked(capsys, data, "outbox", "retry", "2", status=1)["error"]["code"] == "uncertain"
    assert asked(capsys, data, "outbox", "settle", "2", "--not-done")["id"] == 2
    assert asked(capsys, data, "outbox", "retry", "1")["state"] == "waiting"
    assert [job["state"] for job in asked(capsys, data, "outbox", "list")["jobs"]] == ["waiting", "waiting"]
    assert asked(capsys, data, "outbox", "cancel", "1")["id"] == 1
    assert len(asked(capsys, data, "outbox", "list")["jobs"]) == 1


def test_the_register_by_command(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("processor", "set", "mailer", "--kind", "relay", "--country", "US", "--contract", "2026-01-31")
    made = asked(capsys, data, *words, "--allow", "address", "--allow", "document")
    assert made["fields"] == ["address", "document"]
    assert main(["processor", "list", "--data", str(data)]) == 0
    assert "mailer  relay  US (outside Europe: no document, no title)" in capsys.readouterr().out
    assert asked(capsys, data, "processor", "remove", "mailer")["name"] == "mailer"
    assert asked(capsys, data, "processor", "list") == {"processors": []}
