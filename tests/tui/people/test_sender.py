"""A sender at the terminal, in both languages: as whom, by which programs, what became of it, what would."""

from pathlib import Path

import pytest

from bridge import tls
from postex_tui.screens.device_card import DeviceCard
from postex_tui.screens.sending.dry_run import DryRun
from storage.access import devices
from storage.deliveries import batches, deliveries
from storage.people import senders
from storage.records import Role, Scope
from tests.control import FIRST, NOW, Desk, Person
from tests.handing_in import send
from tests.tui.office import LARGE, Seat, seat
from tests.tui.people.hands import LANGUAGES, agrees, fills, goes, hears, read, sees
from tests.tui.waiting import reached


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("HOME", str(tmp_path))
    opened = Desk.open(tmp_path / "data")
    tls.create_self_signed(opened.data / "tls" / "cert.pem", opened.data / "tls" / "key.pem", "localhost", NOW)
    return opened


async def opened_by(desk: Desk, anna: Person, bram: Person, document: str) -> None:
    """Both open it; anna agreed that it is told."""
    for who in (anna, bram):
        found = desk.store.read_now(deliveries.of_document, who.account.id, document)
        assert found.document_id is not None
        desk.store.write_now(deliveries.opened, who.account.id, [found.document_id], NOW + 60)


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_sees_as_whom_it_writes_and_gives_a_program_its_password(desk: Desk, locale: str) -> None:
    async with desk:
        erp = desk.person("erp", role=Role.SENDER)
        desk.store.write_now(senders.add_identity, erp.account.id, f"bills@{FIRST}", NOW)
        async with seat(desk, erp, locale=locale) as at:
            await goes(at, "identities")
            sees(at, "{address} (added by your admin)", address=f"bills@{FIRST}")
            await at.press("e")
            await fills(at, type="invoice")
            await agrees(at)
            assert desk.store.read_now(senders.default_type, erp.account.id) == "invoice"
            await goes(at, "sending-devices")
            await at.press("n")
            await fills(at, label="ERP")
            await agrees(at)
            await reached(at, DeviceCard)
            assert "465" in at.text
            assert "993" not in at.text, "a program that sends reads nothing"
            await agrees(at)
            (made,) = desk.store.read_now(devices.listing, erp.account.id)
            assert made.scopes == frozenset({Scope.SMTP_SEND})


@pytest.mark.parametrize("locale", LANGUAGES)
async def test_learns_what_became_of_it_and_tries_a_batch(desk: Desk, tmp_path: Path, locale: str) -> None:
    async with desk:
        erp, anna, bram = desk.person("erp", role=Role.SENDER), desk.person("anna"), desk.person("bram")
        agreed = {"sender": f"erp@{FIRST}", "receipts": True}
        assert (await desk.ask("PATCH", f"{anna.path}/preferences", anna, agreed)).is_success
        document = send(desk, erp, anna, bram, kind="invoice")
        await opened_by(desk, anna, bram, document)
        send(desk, erp, anna, kind="invoice", subject="2", batch="2026-11")
        async with seat(desk, erp, locale=locale, size=LARGE) as at:
            await reads_receipts(at)
            await looks_up_channels(at)
            await releases_and_rehearses(at, tmp_path)
        assert desk.store.read_now(batches.named, erp.account.id, "2026-11").state == "committed"


async def reads_receipts(at: Seat) -> None:
    """Of who agreed alone."""
    await goes(at, "sent")
    opened = at.app.say("Opened {when}: the recipient agreed that you know.", when="").split()[0]
    told = {}
    for _ in range(3):
        told[str(at.app.screen.grid.here["recipient"])] = opened in read(at)  # type: ignore[attr-defined]
        await at.press("down")
    assert told[f"bram@{FIRST}"] is False
    await at.press("slash")
    await fills(at, recipient="anna", state="delivered")
    await agrees(at)
    assert opened in read(at)


async def looks_up_channels(at: Seat) -> None:
    """Which its recipients can read, as it is told first."""
    await goes(at, "recipients")
    assert f"anna@{FIRST}" not in at.text
    await fills(at, text="anna")
    await at.press("enter")
    assert f"anna@{FIRST}" in at.text
    assert "bram@" not in at.text


async def releases_and_rehearses(at: Seat, folder: Path) -> None:
    await goes(at, "batches")
    await at.press("o")
    await fills(at, count="1")
    await agrees(at)
    await hears(at, "Handed over: {count}.", count=1)
    (folder / "l.csv").write_text(f"recipient;type\nanna@{FIRST};invoice\nnobody@{FIRST};letter\n")
    await at.press("t")
    at.app.screen.query_one("#file").value = str(folder / "l.csv")  # type: ignore[attr-defined]
    await agrees(at)
    assert isinstance(at.app.screen, DryRun)
    sees(at, "There is no such recipient, or it is not yours to see.")
