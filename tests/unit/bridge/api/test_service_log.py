"""The service log over the API: to owners, redacted, found by level and event, in pages (S19)."""

import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog

from bridge import logs
from storage.records import Role
from tests.control import Desk, Person

CANARY = "kanarie7f3a@example.test"


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


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def owner(desk: Desk) -> Person:
    return desk.person("olga", role=Role.OWNER)


async def read(desk: Desk, who: Person, query: str = "", **headers: str) -> list[dict[str, Any]]:
    answer = await desk.ask("GET", f"/v1/service-log?{query}", who, **headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_lines_come_newest_first_with_what_they_mean(desk: Desk, owner: Person, log: Any) -> None:
    log.info("smtp.stored", document="k2fq")
    log.error("smtp.fault", subject=CANARY, kind=CANARY)
    log.debug("not.known")
    unknown, fault, stored = await read(desk, owner)
    assert (unknown["event"], unknown["meaning"]) == ("not.known", None)
    assert fault["fields"] == {"subject": "[redacted]", "kind": "[redacted]"}
    assert (stored["fields"], stored["level"], stored["logger"]) == ({"document": "k2fq"}, "info", "bridge.smtp")
    assert stored["meaning"].startswith("a hand-in is durable")
    dutch = await read(desk, owner, **{"Accept-Language": "nl"})
    assert dutch[2]["meaning"] != stored["meaning"]
    one = await desk.ask("GET", f"/v1/service-log/{stored['number']}", owner)
    assert one.json() == stored
    assert (await desk.ask("GET", "/v1/service-log/1", owner)).status_code == 404


async def test_they_are_found_by_level_event_and_number_in_pages(desk: Desk, owner: Person, log: Any) -> None:
    for number in range(10):
        log.info("smtp.stored", count=number)
    log.warning("outbox.dead")
    log.critical("database_failed")
    assert [each["event"] for each in await read(desk, owner, "level=warning")] == ["database_failed", "outbox.dead"]
    stored = await read(desk, owner, "event=smtp&limit=4")
    assert [each["fields"]["count"] for each in stored] == [9, 8, 7, 6]
    rest = (await desk.ask("GET", "/v1/service-log?event=smtp&limit=4", owner)).json()["next"]
    further = await read(desk, owner, f"event=smtp&limit=6&after={rest}")
    assert [each["fields"]["count"] for each in further] == [5, 4, 3, 2, 1, 0]
    assert len(await read(desk, owner, f"newer={stored[2]['number']}")) == 4
    assert (await desk.ask("GET", "/v1/service-log?level=loud", owner)).status_code == 422
