"""Tickets over the API: who sees which, answers into the writer's mailbox, closing (S5, S31, S61)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from storage.engine import statements
from storage.people import tickets
from storage.records import Role
from tests.control import FIRST, NOW, SECOND, Desk, Person

IN_MAILBOX = "SELECT count(*) FROM copy WHERE account_id = ?"


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


def asked(desk: Desk, writer: Person | None, number: str) -> str:
    account_id = None if writer is None else writer.account.id
    desk.store.write_now(tickets.open_one, number, account_id, desk.domains[FIRST].id, "support", NOW)
    return f"/v1/tickets/{number}"


async def test_an_answer_comes_into_the_writers_mailbox_and_closes(desk: Desk) -> None:
    admin, anna = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("anna")
    path = asked(desk, anna, "2026-AAAAAAAA")
    (item,) = (await desk.ask("GET", "/v1/tickets", admin)).json()["items"]
    assert (item["number"], item["writer"], item["closed_at"]) == ("2026-AAAAAAAA", "anna@example.test", None)
    kept = await desk.ask("POST", f"{path}/answer", admin, {"text": "Ja.\n\nDat kan.", "keep_open": True})
    assert kept.json()["closed_at"] is None
    done = await desk.ask("POST", f"{path}/answer", admin, {"text": "Nog iets: \x1b[2J\r\nBcc: x@y.test"})
    assert done.json()["closed_at"] is not None
    assert (await desk.ask("POST", f"{path}/answer", admin, {"text": "x"})).json()["code"] == "wrong-state"
    assert desk.store.read_now(statements.rows, IN_MAILBOX, (anna.account.id,)) == [(2,)]
    assert (await desk.ask("GET", "/v1/tickets", admin)).json()["items"] == []
    (closed,) = (await desk.ask("GET", "/v1/tickets?state=closed", admin)).json()["items"]
    (own,) = (await desk.ask("GET", "/v1/accounts/me/tickets", anna)).json()
    assert closed["number"] == own["number"] == "2026-AAAAAAAA"


async def test_who_is_outside_is_answered_by_hand(desk: Desk) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    path = asked(desk, None, "2026-BBBBBBBB")
    assert (await desk.ask("POST", f"{path}/answer", admin, {"text": "x"})).json()["code"] == "no-mailbox"
    for _ in range(2):
        assert (await desk.ask("POST", f"{path}/close", admin)).json()["closed_at"] is not None


async def test_nobody_else_sees_or_answers_them(desk: Desk) -> None:
    other = desk.person("other", Role.DOMAIN_ADMIN, domain=SECOND)
    owner, anna, bram = desk.person("owner", role=Role.OWNER), desk.person("anna"), desk.person("bram")
    path = asked(desk, anna, "2026-CCCCCCCC")
    assert (await desk.ask("GET", "/v1/tickets", other)).json()["items"] == []
    for person, status in ((other, 404), (anna, 403), (bram, 403)):
        assert (await desk.ask("GET", path, person)).status_code == status
        assert (await desk.ask("POST", f"{path}/close", person)).status_code == status
        assert (await desk.ask("POST", f"{path}/answer", person, {"text": "x"})).status_code == status
    assert (await desk.ask("GET", path, owner)).json()["writer"] == "a…@e…"
    assert (await desk.ask("GET", "/v1/accounts/me/tickets", bram)).json() == []


def test_closed_ones_are_forgotten_a_year_later(tmp_path: Path) -> None:
    desk = Desk.open(tmp_path / "data")
    try:
        for number in ("2026-DDDDDDDD", "2026-EEEEEEEE"):
            asked(desk, None, number)
        ticket = desk.store.read_now(tickets.get, "2026-DDDDDDDD")
        desk.store.write_now(tickets.close, ticket, "system", NOW)
        assert desk.store.write_now(tickets.purge, NOW + tickets.KEPT_SECONDS) == 0
        assert desk.store.write_now(tickets.purge, NOW + tickets.KEPT_SECONDS + 1) == 1
    finally:
        desk.store.close()
