"""The audit log in the app: found, followed, verified, saved; who looked; every kind has words (D7, D8)."""

import ast
import csv
import json
import re
from pathlib import Path

import pytest

from bridge.notices.looks import WHATS
from postex_tui.connection import Event
from postex_tui.screens.office.audit.section import Audit
from postex_tui.screens.office.audit.words import GROUPS, KINDS
from postex_tui.widgets.log_grid import LogGrid
from storage.access import enrolment
from storage.deliveries.batches import BatchState
from storage.engine import statements
from storage.oversight import audit
from storage.records import Role
from tests.control import NOW, Desk
from tests.tui.office import LARGE, Seat, seat

ROOT = Path(__file__).parents[2]
KIND = re.compile(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*")
NO_KINDS = {"audit.broken", "notice.bounced", "paper.handed-off", "restore.partial"}
"""Names of other logs, in modules that write to this one."""
FILES = re.compile(r".*\.(db|json|key|list|sealed|toml)")
MADE = {
    *(f"batch.{state}" for state in BatchState),
    *(f"{kind}.added" for kind in enrolment.KINDS),
    *(what if "." in what else f"looks.{what}" for what in WHATS),
}
"""Put together from parts when they are written."""
HOSTILE = "[@click=app.quit]x[/]\x1b]52;c;aGk=\x07\u202egnp " + "y" * 10_000


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


def written_kinds() -> set[str]:
    """Texts that look like kinds, in the modules that write to the log."""
    found = set()
    for path in (path for package in ("storage", "bridge") for path in (ROOT / package).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.name != "audit.py" and not re.search(r"import .*\baudit\b", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KIND.fullmatch(node.value):
                found.add(node.value)
    return {kind for kind in found if not FILES.fullmatch(kind)} - NO_KINDS


def test_every_kind_has_words_and_a_group() -> None:
    assert {"session.started", "looks.account"} <= written_kinds() | MADE
    assert written_kinds() | MADE == set(KINDS)
    assert {kind.partition(".")[0] for kind in KINDS} == set(GROUPS)


def test_every_kind_of_look_has_words_too() -> None:
    """What routes note: a look at something new would else be told by its short name."""
    noted = re.compile(r"""note_look\([^"]*"([a-z-]+)"|looks\.note,?\([^"]*"([a-z-]+)\"""")
    routes = [path.read_text(encoding="utf-8") for path in (ROOT / "bridge" / "api" / "routes").glob("*.py")]
    found = {one or other for text in routes for one, other in noted.findall(text)}
    assert {"devices", "sessions"} <= found <= set(WHATS)


def happen(desk: Desk, count: int, kind: str = "session.started", actor: str = "operator") -> None:
    for number in range(count):
        desk.store.write_now(audit.append, kind, actor, "system", {"count": number}, NOW + number)


async def submit(at: Seat, **values: str) -> None:
    """Fill in the form and press its button, once that takes a press again."""
    for name, value in values.items():
        at.app.screen.query_one(f"#{name}").value = value  # type: ignore[attr-defined]
    button = at.app.screen.query_one("#do")
    while button.has_class("-active"):
        await at.pilot.pause(0.05)
    button.focus()
    await at.press("enter")


def tell(at: Seat) -> None:
    """As the bridge does when the log grew."""
    screen = at.app.screen
    assert isinstance(screen, Audit)
    screen.on_live(Event("audit", {}))


@pytest.mark.parametrize(
    ("locale", "whole", "broken"), [("en", "The log is whole", "tampered"), ("nl", "Het logboek is gaaf", "geknoeid")]
)
async def test_an_auditor_verifies_the_log_and_is_told_of_a_tampered_event(
    desk: Desk, locale: str, whole: str, broken: str
) -> None:
    async with desk:
        auditor = desk.person("aldo", Role.AUDITOR)
        happen(desk, 20)
        async with seat(desk, auditor, section="audit", locale=locale) as at:
            await at.press("v")
            assert whole in at.text
            desk.store.write_now(statements.run, "UPDATE audit_event SET kind = 'session.ended' WHERE position = 12")
            await at.press("v")
            assert re.search(rf"{broken}.* 12\b", at.text)
            assert "1." in at.text
            await at.press("escape")
            assert at.app.screen.query_one(LogGrid).has_focus


async def test_events_are_found_opened_and_left_again(desk: Desk) -> None:
    async with desk:
        auditor = desk.person("aldo", Role.AUDITOR)
        happen(desk, 3, "device.added")
        happen(desk, 250)
        async with seat(desk, auditor, section="audit", size=LARGE) as at:
            assert "signed in" in at.text
            grid = at.app.screen.query_one(LogGrid)
            newest = int(grid.key_here or 0)
            await at.press("enter")
            for word in ("Hash before", "session.started", str(newest), "count", "249"):
                assert word in at.text, word
            await at.press("escape", "end")
            await at.press("end")
            assert grid.row_count == newest
            await at.press("g")
            await submit(at, position="5")
            assert grid.row_count == 5
            assert "from position 5 on" in at.text


async def test_what_is_sought_is_told_and_what_is_no_time_stays_in_the_form(desk: Desk) -> None:
    async with desk:
        auditor, anna = desk.person("aldo", Role.AUDITOR), desk.person("anna")
        happen(desk, 2, "device.added", f"account:{anna.account.id}")
        happen(desk, 4)
        async with seat(desk, auditor, section="audit", size=LARGE) as at:
            await at.press("slash")
            await submit(at, kind="device", since="yesterday")
            assert "yesterday is no time" in at.text
            await submit(at, since="2025-01-01", actor="nobody")
            assert at.app.screen.query("#actor")
            await submit(at, actor="")
            assert at.app.screen.query_one(LogGrid).row_count == 2
            assert "Devices · from 2025-01-01" in at.text
            at.app.screen.narrow({"kind": "hold"})  # type: ignore[attr-defined]
            await at.settled()
            assert "No event is like that" in at.text


async def test_new_events_come_in_at_the_top_and_wait_while_one_reads_below(desk: Desk) -> None:
    async with desk:
        auditor = desk.person("aldo", Role.AUDITOR)
        happen(desk, 20)
        async with seat(desk, auditor, section="audit") as at:
            grid = at.app.screen.query_one(LogGrid)
            await at.press("t")
            happen(desk, 1, "backup.made")
            tell(at)
            await at.settled()
            assert grid.is_at_top
            assert "backup made" in at.text
            await at.press("down", "down")
            here = grid.key_here
            happen(desk, 3, "hold.placed")
            tell(at)
            await at.settled()
            assert grid.key_here == here
            assert "hold placed" not in at.text
            assert "New since: 3" in at.text
            await at.press("home")
            await at.settled()
            assert "hold placed" in at.text
            assert grid.is_at_top
            await at.press("t")
            happen(desk, 1)
            tell(at)
            await at.settled()
            assert "New since: 1" in at.text


@pytest.mark.parametrize(("locale", "word"), [("en", "looked at the devices"), ("nl", "keek naar de apparaten")])
async def test_an_admin_asks_who_looked(desk: Desk, locale: str, word: str) -> None:
    async with desk:
        admin, anna, helper = (
            desk.person("dora", Role.DOMAIN_ADMIN),
            desk.person("anna"),
            desk.person("h", Role.SUPPORT),
        )
        await desk.ask("GET", f"{anna.path}/devices", helper)
        async with seat(desk, admin, section="audit", locale=locale, size=LARGE) as at:
            await at.press("l")
            await submit(at, account="ghost@example.test")
            assert at.app.screen.query("#account")
            await submit(at, account=anna.account.email)
            assert word in at.text
            assert "(support)" in at.text


async def test_what_is_found_is_saved_whole(desk: Desk, tmp_path: Path) -> None:
    async with desk:
        auditor = desk.person("aldo", Role.AUDITOR)
        happen(desk, 3, "device.added", "=cmd|'/c calc'!A1")
        happen(desk, 600)
        for form, name in (("csv", "events.csv"), ("json", "events.json")):
            async with seat(desk, auditor, section="audit") as at:
                await at.press("x")
                await submit(at, form=form)
                while not at.app.screen.query("#path"):
                    await at.pilot.pause()
                await submit(at, path=str(tmp_path / name))
        with (tmp_path / "events.csv").open() as file:
            rows = list(csv.DictReader(file))
        events = json.loads((tmp_path / "events.json").read_text())["events"]
        assert [int(row["position"]) for row in rows] == [event["position"] for event in events]
        assert len(rows) > 600
        assert not any(value.startswith("=") for row in rows for value in row.values())


async def test_hostile_details_are_shown_and_do_nothing(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        detail = {"role": HOSTILE, "[/x]": 1, "scopes": [HOSTILE]}
        event = ("device.added", "[red]", f"account:{admin.account.id}", detail, NOW)
        desk.store.write_now(audit.append, *event)
        async with seat(desk, admin, section="audit", size=LARGE) as at:
            await at.press("enter")
            assert "[@click=app.quit]x[/]·" in at.text
            assert "[/x]" in at.text
            for row in range(3, 12):
                await at.pilot.click(offset=(50, row))
            assert at.app.is_running
