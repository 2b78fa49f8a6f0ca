"""`postex sender recipients|sent|batch` and `postex me disclosures` as their owners type them, without a bridge."""

import csv
import time
from pathlib import Path

import pytest

from storage.records import Role
from tests.control import Desk, Person
from tests.unit.bridge.api.test_sent import agree, opened, send
from tests.unit.postex_tui.test_device import Shell


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Person]:
    """One document delivered and opened with consent, one in a batch."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = Desk.open(tmp_path / "data")
    desk.clock.at = time.time()
    made = {"erp": desk.person("erp", role=Role.SENDER), "anna": desk.person("anna")}
    agree(desk, made["anna"], made["erp"])
    document = send(desk, made["erp"], made["anna"])
    opened(desk, made["anna"], document)
    send(desk, made["erp"], made["anna"], number=2, batch="2026-11")
    desk.store.close()
    return made


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "data", capsys, monkeypatch)


def test_a_sender_looks_and_the_recipient_reads_it(shell: Shell, people: dict[str, Person]) -> None:
    status, out = shell.run(people["erp"], "sender", "recipients", "--csv")
    assert status == 0
    (row,) = csv.DictReader(out.splitlines())
    assert (row["recipient"], row["invoice"], row["newsletter"]) == ("anna+bills@example.test", "mailbox", "mailbox")
    assert shell.run(people["erp"], "sender", "recipients")[1] == "anna+bills@example.test  mailbox\n"
    listed = shell.run(people["erp"], "sender", "sent")[1]
    assert "held in batch 2026-11" in listed
    assert "delivered, opened 2025" in listed
    told = shell.run(people["anna"], "me", "disclosures")[1]
    assert told.count("Erp: by which channel that sender's documents reach you (cli)") == 2
    assert told.count("Erp: that you opened a document of that sender (cli)") == 1
    assert shell.run(people["erp"], "me", "disclosures")[1] == "Nobody was told anything about you.\n"


def test_what_is_withdrawn_by_command_says_so(shell: Shell, people: dict[str, Person]) -> None:
    shell.run(people["anna"], "consent", "withdraw", "1")
    assert shell.json(people["anna"], "preference", "history")["changes"][0]["road"] == "cli"


def test_a_batch_from_the_command_line(shell: Shell, people: dict[str, Person]) -> None:
    assert "2026-11  open  1 held since" in shell.run(people["erp"], "sender", "batch", "list")[1]
    assert shell.refused(people["erp"], "sender", "batch", "commit", "2026-11", "--count", "2") == "count-differs"
    assert shell.json(people["erp"], "sender", "batch", "commit", "2026-11", "--count", "1")["state"] == "committed"
    assert shell.refused(people["erp"], "sender", "batch", "cancel", "2026-11") == "wrong-state"
    assert shell.refused(people["anna"], "sender", "batch", "commit", "2026-11", "--count", "1") == "not-found"
