"""Live events: each watcher sees its part and no more, is told when it was too slow, and ends with its session."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bridge import notices
from bridge.api import watching
from bridge.api.routes import events
from bridge.channels import notice
from bridge.connections import Connection, Ending
from storage.access import devices, sessions
from storage.deliveries import jobs
from storage.deliveries.terms import JobState
from storage.engine import statements
from storage.errors import WriterUnavailable
from storage.mail import documents, mailboxes
from storage.oversight import audit
from storage.people import accounts, grants
from storage.records import Origin, Role, Scope
from tests.control import NOW, SECOND, Desk, Person
from tests.departures import job_of, leave

Told = tuple[str, dict[str, Any]]


@dataclass
class Stream:
    """What a client of /v1/events reads, event by event."""

    parts: asyncio.Queue[bytes]
    left: asyncio.Event
    status: int = 0
    buffered: bytes = b""
    comments: list[bytes] = field(default_factory=list)

    async def next(self) -> Told:
        """The next event; comments are collected."""
        while True:
            whole, found, rest = self.buffered.partition(b"\n\n")
            if found:
                self.buffered = rest
                if whole.startswith(b":"):
                    self.comments.append(whole)
                    continue
                kind, data = whole.decode().split("\n")
                return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))
            async with asyncio.timeout(10):
                self.buffered += await self.parts.get()

    async def several(self, count: int) -> list[Told]:
        return [await self.next() for _ in range(count)]

    async def ended(self) -> None:
        async with asyncio.timeout(10):
            while await self.parts.get() != b"":
                continue


@asynccontextmanager
async def watched(desk: Desk, who: Person, query: str = "") -> AsyncIterator[Stream]:
    """An open stream that has been welcomed; the client goes away at the end."""
    stream = Stream(asyncio.Queue(), asyncio.Event())
    application: Any = desk.http._transport.app  # type: ignore[attr-defined]
    asked = [False]

    async def receive() -> dict[str, Any]:
        if not asked[0]:
            asked[0] = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await stream.left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            stream.status = message["status"]
        else:
            await stream.parts.put(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/events",
        "raw_path": b"/v1/events",
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"authorization", f"Bearer {who.token}".encode())],
        "client": None,
        "server": ("postex", 80),
    }
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(application(scope, receive, send))
        async with asyncio.timeout(10):
            stream.buffered = await stream.parts.get()
        assert (stream.status, stream.buffered) == (200, b": welcome\n\n")
        yield stream
        stream.left.set()


@pytest_asyncio.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(watching, "GATHER", 0.0)
    async with Desk.open(tmp_path / "data") as opened:
        yield opened
        assert opened.control.watching == set()


@pytest.fixture
def anna(desk: Desk) -> Person:
    return desk.person("anna")


class Guest:
    def expel(self, ending: Ending) -> None:
        raise AssertionError(ending)


def come_in(desk: Desk, person: Person, **more: Any) -> Connection:
    store = desk.store
    lock = (store.server_keys, store.shred, person.account, person.keys)
    made = store.write_now(devices.add, *lock, "phone", frozenset({Scope.IMAP}), NOW, **more)
    return desk.control.connections.enter(Guest(), "imaps", made.device, "192.0.2.7", None)


async def arrive(desk: Desk, *people: Person) -> None:
    for person in people:
        drafts = [await notice.draft(desk.store, person.account, notices.Resumed(NOW), NOW)]
        await desk.store.write(notice.deliver_with, drafts, NOW)


async def test_one_s_own_sessions_arrivals_and_log(desk: Desk, anna: Person) -> None:
    bram = desk.person("bram")
    me = anna.account.public_id
    async with watched(desk, anna) as stream:
        came, _ = come_in(desk, anna), come_in(desk, bram)
        told = await stream.several(2)
        opened = {"change": "opened", "account": me, "id": f"mail-{came.number}", "door": "imaps"}
        more = {"device": came.device_id, "network": "192.0.2.0/24"}
        assert ("sessions", opened | more) in told
        assert [each[1]["kind"] for each in told if each[0] == "audit"] == ["device.added"]
        await arrive(desk, bram, anna, bram)
        assert await stream.next() == ("arrivals", {"account": me, "count": 1})
        desk.control.connections.leave(came)
        assert await stream.next() == ("sessions", opened | more | {"change": "closed"})


async def test_an_admin_sees_whom_and_how_many_in_its_domains_alone(desk: Desk, anna: Person) -> None:
    admin, ziggy = desk.person("admin", Role.DOMAIN_ADMIN), desk.person("ziggy", domain=SECOND)
    async with watched(desk, admin) as stream:
        await arrive(desk, ziggy, anna)
        assert await stream.next() == ("arrivals", {"account": anna.account.public_id, "count": 1})
        come_in(desk, ziggy)
        came = come_in(desk, anna)
        told = await stream.several(2)
        session = {
            "change": "opened",
            "account": anna.account.public_id,
            "id": f"mail-{came.number}",
            "door": "imaps",
        }
        assert ("sessions", session) in told, "neither device nor network"
        (entry,) = [each for kind, each in told if kind == "audit"]
        assert set(entry) == {"position", "at", "kind"}
        desk.store.write_now(audit.append, "test.done", "operator", f"account:{ziggy.account.id}", {}, NOW)
        desk.store.write_now(audit.append, "test.done", "operator", f"account:{anna.account.id}", {}, NOW)
        kind, entry = await stream.next()
        ((last,),) = desk.store.read_now(statements.rows, "SELECT max(position) FROM audit_event")
        assert (kind, entry["position"]) == ("audit", last)


async def test_an_owner_sees_numbers(desk: Desk, anna: Person) -> None:
    owner = desk.person("eva", role=Role.OWNER)
    async with watched(desk, owner, "kind=sessions&kind=arrivals") as stream:
        await arrive(desk, anna)
        assert await stream.next() == ("arrivals", {"count": 1})
        come_in(desk, anna)
        assert await stream.next() == ("sessions", {"signed_in": 1})


async def test_an_auditor_hears_of_the_whole_log(desk: Desk, anna: Person) -> None:
    auditor = desk.person("aldo", Role.AUDITOR)
    async with watched(desk, auditor) as stream:
        await desk.store.write(audit.append, "test.done", "operator", f"account:{anna.account.id}", {}, NOW)
        kind, told = await stream.next()
        assert (kind, told["kind"]) == ("audit", "test.done")


async def test_what_is_moved_about_in_a_mailbox_is_no_arrival(desk: Desk, anna: Person) -> None:
    async with watched(desk, anna, "kind=arrivals") as stream:
        await arrive(desk, anna)
        assert (await stream.next())[1]["count"] == 1
        store = desk.store
        folders = {each.name: each for each in store.read_now(mailboxes.listing, anna.account.id, anna.keys)}
        await store.write(documents.copy, folders["INBOX"].id, [(1, 1)], folders["Archive"].id)
        await arrive(desk, anna)
        assert (await stream.next())[1]["count"] == 1


async def test_a_break_glass_session_is_not_told_while_a_bar_holds(desk: Desk, anna: Person) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    columns = "account_id, reason, hours, requested_by, requested_at, device_id, bar_basis, bar_until"
    async with watched(desk, anna, "kind=sessions") as own, watched(desk, admin, "kind=sessions") as other:
        hidden = come_in(desk, anna, origin=Origin.BREAK_GLASS)
        values = (anna.account.id, "x", 1, admin.account.id, NOW, hidden.device_id, "law", NOW + 1000)
        desk.store.write_now(
            statements.run, f"INSERT INTO break_glass ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values
        )
        seen = come_in(desk, anna)
        assert (await own.next())[1]["id"] == f"mail-{seen.number}"
        assert (await other.next())[1]["id"] == f"mail-{hidden.number}"


async def test_who_reads_too_slowly_is_told_how_much_is_gone(
    desk: Desk, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MOST_WAITING", 3)
    async with watched(desk, anna, "kind=sessions") as stream:
        store = desk.store
        lock = (store.server_keys, store.shred, anna.account, anna.keys)
        device = store.write_now(devices.add, *lock, "x", frozenset({Scope.IMAP}), NOW).device
        await asyncio.sleep(0)
        came = [desk.control.connections.enter(Guest(), "imaps", device, "", None) for _ in range(7)]
        told = await stream.several(4)
        assert told[0][0] == "lagged"
        assert told[0][1]["lost"] >= 4
        assert [each["id"] for _, each in told[1:]] == [f"mail-{each.number}" for each in came[-3:]]


async def test_a_quiet_stream_shows_signs_of_life(desk: Desk, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "HEARTBEAT", 0.001)
    async with watched(desk, anna) as stream:
        while b": still here\n\n" not in stream.buffered:
            async with asyncio.timeout(10):
                stream.buffered += await stream.parts.get()


@pytest.mark.parametrize("how", ["suspended", "signed out", "idle"])
async def test_a_stream_ends_with_its_session(
    desk: Desk, anna: Person, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(desk, anna) as stream:
        if how == "suspended":
            await desk.store.write(accounts.suspend, anna.account.id, NOW)
        elif how == "signed out":
            assert (await desk.ask("DELETE", "/v1/session", anna)).is_success
        else:
            desk.clock.turn(sessions.IDLE)
            come_in(desk, anna)
        assert await stream.next() == (
            "end",
            {"reason": "account-barred" if how == "suspended" else "session-ended"},
        )
        await stream.ended()


async def test_a_store_that_does_not_answer_ends_the_stream(
    desk: Desk, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise WriterUnavailable

    async with watched(desk, anna, "kind=arrivals") as stream:
        monkeypatch.setattr(watching, "_told", fails)
        await arrive(desk, anna)
        assert await stream.next() == ("end", {"reason": "storage-unavailable"})
        await stream.ended()


async def test_a_role_taken_away_narrows_the_stream(desk: Desk, anna: Person) -> None:
    admin = desk.person("admin", Role.DOMAIN_ADMIN)
    async with watched(desk, admin, "kind=arrivals") as stream:
        await arrive(desk, anna)
        assert (await stream.next())[1]["account"] == anna.account.public_id
        (grant,) = desk.store.read_now(grants.effective, admin.account, NOW)
        desk.store.write_now(statements.run, "UPDATE role_grant SET revoked_at = ? WHERE id = ?", (NOW, grant.id))
        await arrive(desk, anna, admin)
        assert (await stream.next())[1]["account"] == admin.account.public_id


@pytest.mark.parametrize(("language", "word"), [("en", "Close one"), ("nl", "Sluit er een")])
@pytest.mark.parametrize("limit", ["MOST", "MOST_EACH"])
async def test_streams_are_bounded(
    desk: Desk, anna: Person, limit: str, language: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, limit, 1)
    async with watched(desk, anna):
        answer = await desk.ask("GET", "/v1/events", anna, **{"Accept-Language": language})
        assert (answer.status_code, answer.json()["code"]) == (503, "too-many-streams")
        assert word in answer.json()["detail"]


async def test_an_unknown_kind_is_refused(desk: Desk, anna: Person) -> None:
    answer = await desk.ask("GET", "/v1/events?kind=weather", anna)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_nobody_takes_the_streams_of_all(desk: Desk, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_EACH", 1)
    async with watched(desk, anna), watched(desk, desk.person("bram")):
        assert len(desk.control.watching) == 2


async def test_the_outbox_is_told_to_whom_it_concerns(desk: Desk) -> None:
    """Own jobs, those of an admin's domains; an owner hears how many came to which state."""
    anna, other = desk.person("anna"), desk.person("other", domain=SECOND)
    admin, owner = desk.person("boss", Role.DOMAIN_ADMIN), desk.person("owner", role=Role.OWNER)
    async with (
        watched(desk, anna, "kind=outbox") as own,
        watched(desk, admin, "kind=outbox") as domain,
        watched(desk, owner, "kind=outbox") as whole,
    ):
        job_id = job_of(desk.store, leave(desk.store, anna.account, NOW))
        queued = {"account": anna.account.public_id, "job": job_id, "kind": "paper", "state": "waiting"}
        assert await own.next() == await domain.next() == ("outbox", queued)
        assert await whole.next() == ("outbox", {"jobs": {"waiting": 1}})
        await desk.store.write(jobs.park, job_id, JobState.DEAD, "no-paper", NOW)
        assert await own.next() == ("outbox", queued | {"state": "dead"})
        await desk.store.write(jobs.done, job_id)
        assert await own.next() == ("outbox", queued | {"state": "done"})
        leave(desk.store, other.account, NOW)
        leave(desk.store, anna.account, NOW)
        told = await own.next()
        assert told[1]["account"] == anna.account.public_id


async def test_of_a_step_of_a_ladder_nobody_hears(desk: Desk) -> None:
    """Not even an owner a number: it comes where a document lies unread, and goes when that is read."""
    anna, owner = desk.person("anna"), desk.person("owner", role=Role.OWNER)
    rung, letter = (job_of(desk.store, leave(desk.store, anna.account, NOW)) for _ in range(2))
    desk.store.write_now(statements.run, "UPDATE job SET key = 'x:ladder:1:paper' WHERE id = ?", (rung,))
    async with watched(desk, anna, "kind=outbox") as own, watched(desk, owner, "kind=outbox") as whole:
        await desk.store.write(jobs.park, rung, JobState.DEAD, "no-paper", NOW)
        await desk.store.write(jobs.done, rung)
        await desk.store.write(jobs.park, letter, JobState.DEAD, "no-paper", NOW)
        assert await whole.next() == ("outbox", {"jobs": {"dead": 1}})
        assert (await own.next())[1]["job"] == letter
