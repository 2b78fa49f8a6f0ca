"""What is held, and all of it as one file: live, complete, bounded, gone when cut (S8, S40, S41, S44)."""

import asyncio
import io
import json
import mailbox
import os
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import pytest_asyncio

from bridge.api import own_lists
from bridge.api.control import TRIALS
from bridge.api.routes.export import MOST, Cut
from storage.access import devices, sessions
from storage.deliveries import own_copies
from storage.mail import documents, mailboxes
from storage.records import Role, Scope
from tests.control import NOW, Desk, Person
from tests.reading import Library, opened
from tests.unit.bridge.api.test_copies import house

HOSTILE = (
    b"Subject: [@click=app.quit]x\r\n\r\nFrom here on\r\n>From there\r\n\xff\xfe\x1b]0;x\x07\r\n",
    b"Subject: no end of line\r\n\r\nlast",
    b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * 60_000,
)


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as made:
        yield made


def put(desk: Desk, who: Person, message: bytes, folder: str = "INBOX") -> None:
    box = desk.store.read_now(mailboxes.by_name, who.account.id, who.keys, folder)
    draft = Library(desk.store, who.account, who.keys, None).draft(message)  # type: ignore[arg-type]
    desk.store.write_now(documents.deliver, replace(draft, mailbox_ids=(box.id,)), NOW)


async def exported(desk: Desk, who: Person, form: str = "eml") -> ZipFile:
    answer = await desk.ask("POST", "/v1/me/export", who, {"form": form})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    archive = ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


@pytest.mark.parametrize("locale", ["en", "nl"])
async def test_what_is_held_is_live_and_in_the_readers_language(desk: Desk, locale: str) -> None:
    anna = desk.person("anna")
    asked = {"Accept-Language": locale}
    found = (await desk.ask("GET", "/v1/me/held", anna, **asked)).json()["items"]
    items = {each["name"]: each for each in found}
    assert items["name"]["title"] == {"en": "Name", "nl": "Naam"}[locale]
    assert (items["name"]["values"], items["name"]["change"], items["name"]["place"]) == (["Anna"], "edit", "me")
    assert {each["tag"] for each in found} == {"provided", "observed", "sender-supplied"}
    assert {each["change"] for each in found} == {"edit", "view", "locked"}
    assert all(each["reason"] and each["retention"] and each["basis"] for each in found)
    assert items["secrets"]["values"] == []
    await desk.ask("PATCH", "/v1/me", anna, {"phone": "020 1234567"})
    now = {each["name"]: each for each in (await desk.ask("GET", "/v1/me/held", anna)).json()["items"]}
    assert now["phone"]["values"] == ["020 1234567"]
    assert now["identity-changes"]["count"] == 1
    sent = await desk.ask("POST", "/v1/me/held/mail", anna)
    assert sent.json() == {"items": len(found)}


async def test_lists_come_into_the_mailbox_some_times_and_not_without_end(desk: Desk) -> None:
    anna = desk.person("anna")
    paths = ["/v1/me/held/mail", "/v1/accounts/me/looks/mail"] * 6
    seen = [(await desk.ask("POST", path, anna)).status_code for path in paths]
    assert seen == [201] * TRIALS + [429] * (12 - TRIALS)


async def test_an_export_has_every_document_as_imap_gives_it(desk: Desk) -> None:
    anna, bram = desk.person("anna"), desk.person("bram")
    desk.store.write_now(mailboxes.create, anna.account.id, anna.keys, "Täx/../2026: a", NOW)
    for message in HOSTILE:
        put(desk, anna, message)
    put(desk, anna, HOSTILE[0], "Täx/../2026: a")
    put(desk, bram, b"Subject: of somebody else\r\n\r\n")
    size = (await desk.ask("GET", "/v1/me/export", anna)).json()
    assert size["documents"] == 4
    assert size["bytes"] > len(HOSTILE[2])
    archive = await exported(desk, anna)
    files = {name: archive.read(name) for name in archive.namelist() if name.endswith(".eml")}
    assert sorted(files) == [
        *(f"documents/INBOX/{uid:010}.eml" for uid in (1, 2, 3)),
        "documents/Täx/_/2026_ a/0000000001.eml",
    ]
    scopes = frozenset({Scope.IMAP})
    store = desk.store
    device = store.write_now(
        devices.add, store.server_keys, store.shred, anna.account, anna.keys, "phone", scopes, NOW
    )
    async with opened(Library(store, anna.account, anna.keys, device)) as server:
        client = await server.session()
        for uid in (1, 2, 3):
            answer, *_ = await client.command(b"UID FETCH %d BODY.PEEK[]" % uid)
            literal = answer.partition(b"}\r\n")[2]
            file = files[f"documents/INBOX/{uid:010}.eml"]
            assert literal.startswith(file)
            assert literal[len(file) :] == b")\r\n"
    summary = json.loads(archive.read("summary.json"))
    assert (summary["documents"], summary["not_readable"]) == (4, [])
    assert json.loads(archive.read("account.json"))["email"] == "anna@example.test"


async def test_mbox_can_be_read_back(desk: Desk, tmp_path: Path) -> None:
    anna = desk.person("anna")
    for message in HOSTILE:
        put(desk, anna, message)
    archive = await exported(desk, anna, "both")
    archive.extract("documents/INBOX.mbox", tmp_path)
    with closing(mailbox.mbox(tmp_path / "documents" / "INBOX.mbox")) as box:
        found = list(box)
    assert [message["subject"] for message in found] == ["[@click=app.quit]x", "no end of line", "large"]
    assert len([name for name in archive.namelist() if name.endswith(".eml")]) == 3


async def test_all_lists_are_in_it_and_other_people_are_not(desk: Desk) -> None:
    anna, dora = desk.person("anna"), desk.person("dora", Role.DOMAIN_ADMIN)
    house(desk, anna).hand_in()
    await desk.ask("GET", anna.path, dora)
    archive = await exported(desk, anna)
    lists = {name: json.loads(archive.read(f"{name}.json")) for name in (*own_lists.WHOLE, *own_lists.PAGED)}
    assert [each["viewer_role"] for each in lists["looks"]] == ["domain-admin"]
    assert lists["looks"][0]["viewer_name"] is None
    assert "Dora" not in str(lists)
    assert lists["documents"][0]["sender"] == "ERP"
    assert lists["external-mailbox"] is None
    assert {each["tag"] for each in json.loads(archive.read("held.json"))["items"]} > {"observed"}
    listed = desk.store.read_now(own_copies.listing, anna.account.id)
    assert listed[0].downloaded_at == NOW
    events = (await desk.ask("GET", "/v1/audit/events?kind=export.finished", anna)).json()["items"]
    assert len(events) == 1


async def test_it_needs_a_step_up_and_ends_with_the_session(desk: Desk) -> None:
    anna = desk.person("anna")
    put(desk, anna, HOSTILE[0])
    with pytest.raises(Cut):
        await streamed(desk, anna, ends_after=1)
    bram = desk.person("bram")
    desk.clock.turn(301)
    answer = await desk.ask("POST", "/v1/me/export", bram, {})
    assert (answer.status_code, answer.json()["code"]) == (403, "step-up-needed")


async def test_sending_is_a_use_of_the_session_until_its_time_is_over(desk: Desk) -> None:
    anna = desk.person("anna")
    put(desk, anna, b"Subject: x\r\n\r\n" + os.urandom(1_000_000).replace(b"\n", b"x").replace(b"\r", b"y"))
    assert len(await streamed(desk, anna, turns=sessions.IDLE - 60)) > 3
    with pytest.raises(Cut):
        await streamed(desk, desk.person("bram"), turns=sessions.ABSOLUTE)


async def test_one_at_a_time_of_an_account_and_some_of_all(desk: Desk) -> None:
    anna, bram = desk.person("anna"), desk.person("bram")
    answers = await asyncio.gather(*(desk.ask("POST", "/v1/me/export", anna, {}) for _ in range(3)))
    codes = sorted((each.status_code, each.json()["code"] if each.status_code != 200 else "") for each in answers)
    assert codes == [(200, ""), (409, "export-running"), (409, "export-running")]
    assert not desk.control.exporting
    desk.control.exporting.update(range(1000, 1000 + MOST))
    refused = await desk.ask("POST", "/v1/me/export", bram, {})
    assert (refused.status_code, refused.json()["code"]) == (503, "too-many-exports")
    desk.control.exporting.clear()
    with pytest.raises(Cut):
        await streamed(desk, bram, ends_after=1)
    assert not desk.control.exporting


async def test_memory_holds_a_piece_of_it(desk: Desk) -> None:
    """Twelve documents of a megabyte that do not compress; at most some pieces are there at once."""
    anna = desk.person("anna")
    for _ in range(12):
        put(desk, anna, b"Subject: x\r\n\r\n" + os.urandom(1_000_000).replace(b"\n", b"x").replace(b"\r", b"y"))
    tracemalloc.start()
    sizes = await streamed(desk, anna)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(sizes) > 12_000_000
    assert max(sizes) < 1_000_000
    assert peak < 8_000_000, peak


async def streamed(desk: Desk, who: Person, ends_after: int | None = None, turns: float = 0) -> list[int]:
    """Sizes of the pieces as they are sent; the session ends after some of them, and each takes `turns` seconds."""
    application: Any = desk.http._transport.app  # type: ignore[attr-defined]
    headers = [(b"authorization", f"Bearer {who.token}".encode()), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": "POST",
        "path": "/v1/me/export",
        "headers": headers,
    }
    scope |= {"query_string": b"", "http_version": "1.1", "scheme": "http", "raw_path": b"", "root_path": ""}
    requests: list[dict[str, Any]] = [{"type": "http.request", "body": b"{}", "more_body": False}]
    pieces: list[int] = []

    async def receive() -> dict[str, Any]:
        if requests:
            return requests.pop()
        await asyncio.Event().wait()
        raise AssertionError("not reached")

    async def send(message: dict[str, Any]) -> None:
        pieces.append(len(message.get("body", b"")))
        desk.clock.turn(turns)
        await desk.store.write(sessions.remove_expired, int(desk.clock()))  # as somebody else's sign-in does
        if len(pieces) == ends_after:
            await desk.store.write(sessions.end_all, who.account.id, NOW)

    await application(scope, receive, send)
    return pieces
