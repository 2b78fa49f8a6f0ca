"""The service log in the app: read live, found by level, each line with its meaning; the palette leads there."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from textual.widgets import Input

from bridge import logs
from postex_tui.widgets.log_grid import LogGrid
from storage.records import Role
from tests.control import Desk
from tests.tui.office import LARGE, seat
from tests.tui.waiting import offered


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    monkeypatch.setattr(logs, "recent", logs.Recent(100))
    logs.configure("debug", io.StringIO())
    yield structlog.get_logger("bridge.smtp")
    logging.captureWarnings(False)
    root.handlers[:], root.level = before
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("locale", "meaning", "level"),
    [("en", "a hand-in is durable", "fault"), ("nl", "een aanlevering staat vast", "fout")],
)
async def test_an_owner_reads_the_service_log_live(
    desk: Desk, log: Any, locale: str, meaning: str, level: str
) -> None:
    async with desk:
        owner = desk.person("olga", role=Role.OWNER)
        async with seat(desk, owner, section="service-log", locale=locale, size=LARGE) as at:
            log.info("smtp.stored", document="k2fq")
            await at.press("r")
            assert "smtp.stored" in at.text
            assert meaning in at.text
            await at.press("t")
            log.error("outbox.fault", kind="OSError", subject="secret")
            at.app.screen._news()  # type: ignore[attr-defined]  # the look every few seconds is a timer's
            await at.settled()
            assert at.app.screen.query_one(LogGrid).is_at_top
            assert level in at.text
            await at.press("enter")
            assert "OSError" in at.text
            assert "[redacted]" in at.text
            assert "secret" not in at.text
            await at.press("escape")


async def test_lines_are_found_by_level_and_by_the_palette(desk: Desk, log: Any) -> None:
    async with desk:
        owner = desk.person("olga", role=Role.OWNER)
        log.info("smtp.stored", document="k2fq")
        log.error("[bold]x[/]\x1b]0;y\x07", kind="[red]")
        async with seat(desk, owner, section="service-log", size=LARGE) as at:
            at.app.screen.narrow({"level": "error"})  # type: ignore[attr-defined]
            await at.settled()
            assert "fault and graver" in at.text
            assert "smtp.stored" not in at.text
            assert "[bold]x[/]·" in at.text
            await at.pilot.click(offset=(50, 4))
            at.app.screen.narrow({"event": "imap"})  # type: ignore[attr-defined]
            await at.settled()
            assert "No line is like that" in at.text
            await at.press("ctrl+p")
            at.app.screen.query_one(Input).value = "service log: warning"
            await offered(at, "warning")
            await at.press("enter")
            assert "warning and graver" in at.text


async def test_who_is_no_owner_has_no_such_section(desk: Desk) -> None:
    async with desk:
        admin = desk.person("dora", Role.DOMAIN_ADMIN)
        async with seat(desk, admin, section="audit") as at:
            assert "service-log" not in {each.name for each in at.app.offers}
