"""Commands for preferences, consents, explanations and dry runs, without a bridge: the very same routes."""

import csv
import time
from pathlib import Path

import pytest

from storage.people import senders
from storage.records import Role
from tests.control import FIRST, Desk, Person
from tests.handing_in import send
from tests.unit.postex_tui.test_people import Shell


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Person]:
    """An admin, a sender, and Anna, to whom it has sent a letter; sessions of now."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    desk = Desk.open(tmp_path / "data")
    desk.clock.at = time.time()
    made = {
        "admin": desk.person("admin", Role.DOMAIN_ADMIN),
        "erp": desk.person("erp", role=Role.SENDER),
        "anna": desk.person("anna"),
    }
    desk.store.write_now(senders.add_identity, made["erp"].account.id, "bills@energy.test", int(time.time()))
    (tmp_path / "letter").write_text(send(desk, made["erp"], made["anna"]))
    desk.store.close()
    return made


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return Shell(tmp_path / "data", capsys, monkeypatch)


def test_one_chooses_looks_back_and_takes_it_back(shell: Shell, people: dict[str, Person]) -> None:
    anna = people["anna"]
    assert "Erp <erp@example.test>" in shell.words(anna, "preference", "list")
    made = shell.words(anna, "preference", "set", "bills@energy.test", "--notify", "daily", "--keep", "90")
    assert made.startswith("Erp <erp@example.test>: notify daily, keep 90 days (was: nothing)\nUntil ")
    shell.json(anna, "preference", "set", "any", "--ladder", "3:remind", "--quiet", "22:00-07:00")
    shell.json(anna, "preference", "set", "Erp", "--type", "newsletter", "--channel", "refuse")
    shown = shell.words(anna, "preference", "list")
    assert "all senders: quiet 22:00-07:00, ladder 3:remind" in shown
    assert "Erp <erp@example.test>, newsletter: channel refuse" in shown
    past = shell.json(anna, "preference", "history", "--limit", "2")["changes"]
    assert [(each["type"], each["road"], each["changed_by"]) for each in past] == [
        ("newsletter", "cli", "owner"),
        (None, "cli", "owner"),
    ]
    back = shell.words(anna, "preference", "undo")
    assert back == "Erp <erp@example.test>, newsletter: nothing (was: channel refuse)\n"
    back = shell.words(anna, "preference", "undo", past[1]["batch"])
    assert back.startswith("all senders: nothing")
    assert "undone" in shell.words(anna, "preference", "history")
    cleared = shell.json(anna, "preference", "clear", "Erp", "--field", "notify")
    assert "keep 90 days" in shell.words(anna, "preference", "list")
    assert cleared["changes"][0]["new"]["retention_days"] == 90
    assert shell.words(anna, "preference", "clear", "Erp").startswith("Erp <erp@example.test>: nothing")
    assert shell.words(anna, "preference", "clear", "Erp") == "Nothing changed: it was so already.\n"


def test_a_change_tells_what_became_different_alone(shell: Shell, people: dict[str, Person]) -> None:
    anna = people["anna"]
    shell.json(anna, "preference", "set", "any", "--ladder", "3:remind", "--quiet", "22:00-07:00")
    narrowed = shell.words(anna, "preference", "set", "any", "--quiet", "23:00-07:00")
    assert narrowed.startswith("all senders: quiet 23:00-07:00 (was: quiet 22:00-07:00)\nUntil ")
    assert "postex preference undo " in narrowed
    assert shell.words(anna, "preference", "undo").startswith("all senders: quiet 22:00-07:00 (was: quiet 23:00")


def test_what_cannot_be_chosen_is_refused(shell: Shell, people: dict[str, Person]) -> None:
    for arguments, code in (
        (("any", "--channel", "paper"), "no-postal-address"),
        (("any",), "nothing-chosen"),
        (("nobody", "--channel", "refuse"), "sender-unknown"),
        (("any", "--keep", "soon"), "usage"),
        (("any", "--channel", "pigeon"), "invalid-request"),
    ):
        assert shell.refused(people["anna"], "preference", "set", *arguments) == code


def test_a_consent_is_listed_and_withdrawn(shell: Shell, people: dict[str, Person]) -> None:
    anna = people["anna"]
    shell.json(anna, "preference", "set", "Erp", "--receipts", "--receipts-until", "2099-01-01")
    line = shell.words(anna, "consent", "list")
    assert line.startswith("1  Erp <erp@example.test> may learn what you opened  since ")
    assert line.endswith("until 2099-01-01 00:00:00 UTC  holds\n")
    assert shell.words(anna, "consent", "withdraw", "1").endswith("over\n")
    assert "Erp <erp@example.test>: receipts no" in shell.words(anna, "preference", "list")


def test_a_domain_has_mandatory_types_and_choices_of_its_own(shell: Shell, people: dict[str, Person]) -> None:
    admin, anna = people["admin"], people["anna"]
    shell.json(admin, "domain", "preference", "set", FIRST, "--type", "payslip", "--mandatory")
    shell.json(admin, "domain", "preference", "set", FIRST, "--ladder", "5:remind")
    assert shell.words(admin, "domain", "preference", "list", FIRST) == (
        "all senders, payslip: mandatory\nall senders: ladder 5:remind\n"
    )
    assert "cannot be refused: payslip" in shell.words(anna, "preference", "list")
    refusal = ("preference", "set", "Erp", "--type", "payslip", "--channel", "refuse")
    assert shell.refused(anna, *refusal) == "mandatory-type"
    assert "payslip" in shell.words(anna, "preference", "set", "Erp", "--channel", "refuse")
    assert shell.words(admin, "domain", "preference", "undo", FIRST).startswith("all senders: nothing")
    shell.json(admin, "domain", "preference", "clear", FIRST)
    assert len(shell.json(admin, "domain", "preference", "history", FIRST)["changes"]) == 3
    assert shell.refused(anna, "domain", "preference", "list", FIRST) == "forbidden"


def test_why_a_document_came_as_it_did(shell: Shell, people: dict[str, Person], tmp_path: Path) -> None:
    letter = (tmp_path / "letter").read_text()
    told = shell.words(people["anna"], "explain", letter)
    assert told.startswith("Document: letter.\nChannel: mailbox. Nobody chose anything else.\n")
    assert told.endswith("It lies in the mailbox.\n")
    by_admin = shell.words(people["admin"], "explain", letter, "--account", "anna@example.test")
    assert by_admin == told.removesuffix("It lies in the mailbox.\n"), "what she did with it is hers to see"
    assert shell.words(people["anna"], "explain", "<x/1@energy.test>") == told
    assert shell.refused(people["erp"], "explain", "x/1@energy.test") == "not-found"
    assert shell.refused(people["erp"], "explain", letter) == "not-found"
    assert shell.refused(people["anna"], "explain") == "usage"


def test_a_batch_is_asked_in_advance_and_bad_lines_are_named(
    shell: Shell, people: dict[str, Person], tmp_path: Path
) -> None:
    batch, out = tmp_path / "batch.csv", tmp_path / "out.csv"
    batch.write_text(
        "\ufeffRecipient;Type\nanna@example.test;invoice\n\nnobody@example.test;letter\n" + "x" * 500 + ";\n",
        encoding="utf-8",
    )
    status, words, _ = shell.run(people["erp"], "explain", "--dry-run", str(batch), "--csv", str(out))
    assert status == 1
    assert words.splitlines()[0] == "line 4: There is no such recipient, or it is not yours to see."
    assert words.splitlines()[1].startswith("line 5: xxx")
    assert words.splitlines()[-1] == "1 mailbox, 2 not routed"
    with out.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert [row[name] for name in ("line", "recipient", "channel", "folder")] == [
        "2",
        "anna@example.test",
        "mailbox",
        "no",
    ]
    batch.write_text("recipient,sender\nanna@example.test,bills@energy.test\n", encoding="utf-8")
    found = shell.json(people["admin"], "explain", "--dry-run", str(batch))
    assert [(each["channel"], each["folder"], each["ladder"]) for each in found["rows"]] == [("mailbox", False, "")]
    for content in ("who\nanna@example.test\n", ""):
        batch.write_text(content, encoding="utf-8")
        assert shell.refused(people["erp"], "explain", "--dry-run", str(batch)) == "no-headings"
    batch.write_bytes(b"recipient\n\xff\xfe\n")
    assert shell.refused(people["erp"], "explain", "--dry-run", str(batch)) == "unreadable"
    assert shell.refused(people["erp"], "explain", "--dry-run", str(tmp_path / "none.csv")) == "unreadable"


def test_the_default_type_of_a_sender_is_set_by_itself_or_its_admin(shell: Shell, people: dict[str, Person]) -> None:
    assert shell.words(people["erp"], "sender", "type", "me") == "me: letter\n"
    assert shell.json(people["admin"], "sender", "type", "erp@example.test", "invoice")["type"] == "invoice"
    assert shell.json(people["erp"], "sender", "type", "me")["type"] == "invoice"
    assert shell.refused(people["anna"], "sender", "type", "erp@example.test", "letter") == "not-found"


def test_effects_why_the_matrix_and_a_preview(shell: Shell, people: dict[str, Person]) -> None:
    anna, admin = people["anna"], people["admin"]
    shell.json(anna, "preference", "set", "erp", "--type", "payslip", "--keep", "30")
    shown = shell.words(anna, "preference", "effects")
    assert "Erp <erp@example.test>, payslip" in shown
    assert "default" in shown
    assert "30 days" in shell.words(anna, "preference", "why", "erp", "--type", "payslip")
    assert shell.refused(anna, "preference", "why", "nobody") == "sender-unknown"
    matrix = ("preference", "matrix", FIRST, "--sender", f"erp@{FIRST}", "--type", "payslip", "--limit", "1")
    listed = shell.words(admin, *matrix)
    assert "Erp, payslip" in listed
    assert "more: --after" in listed
    preview = (
        "domain",
        "preference",
        "preview",
        FIRST,
        "--type",
        "payslip",
        "--keep",
        "365",
        "--sender",
        f"erp@{FIRST}",
    )
    counted = shell.words(admin, *preview)
    assert "retention_days: 0 → 365: 1" in counted
    assert "1 keep what they chose themselves" in counted
