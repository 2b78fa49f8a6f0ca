"""Who sends: as whom, what became of it, by which channel recipients get it, batches, and lists tried first."""

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

from postex_tui.screens.dialogs import Confirm, Form
from postex_tui.screens.sending.dry_run import DryRun
from storage.deliveries import batches, deliveries
from storage.records import Role
from tests.control import FIRST, NOW, Desk
from tests.handing_in import send
from tests.tui.office import LARGE, seat
from tests.tui.waiting import filled, pushed, read

HOSTILE = "[@click=app.quit]x[/y]\x1b]0;t\x07\u202e" + "ä" * 10_000


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


WORDS: Mapping[str, tuple[str, ...]] = {
    "en": ("2 are held under «2026-11»", "2 are held, you gave 3", "There is no such recipient", "There is no file"),
    "nl": (
        "Er worden er 2 vastgehouden onder «2026-11»",
        "er worden er 2 vastgehouden, u gaf 3",
        "Die ontvanger is er niet",
        "Er is geen bestand",
    ),
}


@pytest.mark.parametrize("locale", WORDS)
async def test_a_sender_commits_a_batch_sees_channels_and_tries_a_list(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locale: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    held, differs, unknown, missing = WORDS[locale]
    async with desk:
        erp = desk.person("erp", role=Role.SENDER)
        anna, bram = desk.person("anna"), desk.person("bram")
        for number, person in enumerate((anna, bram)):
            send(desk, erp, person, kind="invoice", subject=str(number), batch="2026-11")
        async with seat(desk, erp, section="batches", locale=locale, size=LARGE) as at:
            assert "2026-11" in at.text
            await at.press("o")
            assert held in read(at)
            await filled(at, count="many")
            await filled(at, count="3")
            assert isinstance(at.app.screen, Form), "the count does not agree: nothing happened"
            assert differs in read(at)
            await filled(at, count="2")
            assert desk.store.read_now(batches.named, erp.account.id, "2026-11").state == "committed"

            at.app.go("recipients")
            await at.settled()
            looks = "/v1/accounts/me/disclosures"
            assert (await desk.ask("GET", looks, anna)).json()["items"] == [], "nothing is asked by itself"
            await at.press("a", "n", "n", "enter")
            assert f"anna@{FIRST}" in at.text
            assert len((await desk.ask("GET", looks, anna)).json()["items"]) == 1
            assert (await desk.ask("GET", looks, bram)).json()["items"] == []
            await at.press("x")
            assert isinstance(at.app.screen, Confirm)
            await pushed(at, "do")
            await pushed(at, "do")
            (line,) = (tmp_path / "postex-recipients.csv").read_text().splitlines()[1:]
            assert line.startswith(f"anna@{FIRST},mailbox,")

            listed = tmp_path / "batch.csv"
            at.app.go("batches")
            await at.settled()
            await at.press("t")
            await filled(at, file=str(listed))
            assert missing in read(at)
            listed.write_bytes(b"recipient;type\nanna@example.test;invoice\n\xff\n")
            await filled(at, file=str(listed))
            assert "batch.csv, " in at.text
            assert " 3:" in at.text
            listed.write_text(f"recipient;type\nanna@{FIRST};invoice\nnobody@{FIRST}\n{HOSTILE}\n=1+1@x\n")
            await filled(at, file=str(listed))
            assert isinstance(at.app.screen, DryRun)
            assert unknown in at.text
            assert "\x1b" not in at.text
            await at.press("b")
            assert f"anna@{FIRST}" not in at.text
            await at.press("x")
            await pushed(at, "do")
            with (tmp_path / "postex-dry-run.csv").open(newline="") as file:
                (row,) = csv.DictReader(file)
            assert (row["line"], row["recipient"], row["channel"]) == ("2", f"anna@{FIRST}", "mailbox")


async def test_what_was_sent_looks_the_same_whether_it_was_opened_or_not(desk: Desk) -> None:
    async with desk:
        erp, anna, bram = desk.person("erp", role=Role.SENDER), desk.person("anna"), desk.person("bram")
        document = send(desk, erp, anna, bram, kind="invoice")
        send(desk, erp, anna, subject="2", batch="2026-12")
        async with seat(desk, erp, section="sent") as at:
            assert "held back" in at.text
            assert "you learn only where its recipient agreed" in read(at)
            before = at.text
            found = desk.store.read_now(deliveries.of_document, anna.account.id, document)
            assert found.document_id is not None
            desk.store.write_now(deliveries.opened, anna.account.id, [found.document_id], NOW + 5)
            await at.press("r")
            assert at.text == before
            await at.press("slash")
            await filled(at, recipient="bram")
            assert f"bram@{FIRST}" in at.text
            assert "anna@" not in at.text
            await at.press("c")
            assert f"anna@{FIRST}" in at.text


async def test_who_does_not_send_has_no_sender_mode(desk: Desk) -> None:
    async with desk, seat(desk, desk.person("anna")) as at:
        assert "Sending" not in at.text
        assert not any(section.mode == "sending" for section in at.app.offers)
