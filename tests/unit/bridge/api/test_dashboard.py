"""How the bridge stands, over the API: figures of the whole and of domains, who sees what, what needs doing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bridge import tls
from storage.backups import backup
from storage.deliveries import arrival_counts
from storage.deliveries.terms import Channel
from storage.engine import statements
from storage.records import AccountState, Origin, Role
from tests.control import FIRST, NOW, SECOND, Desk, Person
from tests.unit.bridge.api.asking import asked
from tests.unit.bridge.api.test_devices import come_in, make

DAY, HOUR, MINUTE = 86_400, 3600, 60


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path / "data") as opened:
        yield opened


def deliver(desk: Desk, person: Person, at: int, channel: Channel = Channel.MAILBOX, count: int = 1) -> None:
    """Rows as `arrivals` makes them, of documents that are gone."""
    sql = (
        "INSERT INTO delivery (public_id, document_public_id, account_id, document_type, decided_at, channel, state,"
        " notify, language, receipts, wants_mdn, ladder_step, needs_key)"
        " VALUES (hex(randomblob(12)), 'd', ?, 'letter', ?, ?, 'delivered', 'none', 'nl', 0, 0, 0, 0)"
    )
    desk.store.write_now(statements.run_many, sql, [(person.account.id, at, channel)] * count)


def park(desk: Desk, person: Person | None, state: str, due: int, problem: str | None = None) -> None:
    sql = (
        "INSERT INTO job (key, kind, account_id, state, due_at, attempts, problem, created_at)"
        " VALUES (hex(randomblob(12)), 'email', ?, ?, ?, 1, ?, 0)"
    )
    account = None if person is None else person.account.id
    desk.store.write_now(statements.run, sql, (account, state, due, problem))


async def test_an_owner_sees_the_whole_and_an_admin_the_domain(desk: Desk) -> None:
    owner, admin = desk.person("olga", role=Role.OWNER), desk.person("dora", Role.DOMAIN_ADMIN)
    helper = desk.person("hans", Role.SUPPORT)
    here, there = desk.person("anna"), desk.person("bram", domain=SECOND, state=AccountState.REGISTERED)
    deliver(desk, here, NOW - 5, count=3)
    deliver(desk, here, NOW - 2 * HOUR, Channel.PAPER)
    deliver(desk, there, NOW - 5, Channel.EMAIL)
    for person, state, due in ((here, "waiting", NOW), (there, "waiting", NOW + 9), (None, "dead", 1)):
        park(desk, person, state, due)
    come_in(desk, make(desk, here).device)
    come_in(desk, make(desk, there).device)
    come_in(desk, make(desk, here, "opened", origin=Origin.BREAK_GLASS).device)  # lists do not tell everybody of it
    all_of_it = await asked(desk, "GET", "/v1/dashboard", owner)
    assert (all_of_it["domains"], all_of_it["arrivals"]["minutes"][-1]) == (None, 4)
    assert (sum(all_of_it["arrivals"]["hours"]), all_of_it["arrivals"]["channels"]["paper"]) == (5, 1)
    assert all_of_it["outbox"] == {"waiting": 2, "due": 1, "late": 0, "dead": 1, "uncertain": 0}
    assert all_of_it["sessions"] == {"imap": 2, "smtp": 0, "control": 5}
    assert all_of_it["accounts"]["registered"] == 5
    for person in (admin, helper):
        shown = await asked(desk, "GET", "/v1/dashboard", person)
        assert (shown["domains"], shown["machine"]) == ([FIRST], None)
        assert (shown["arrivals"]["minutes"][-1], shown["arrivals"]["channels"]["email"]) == (3, 0)
        assert shown["outbox"] == {"waiting": 1, "due": 1, "late": 0, "dead": 0, "uncertain": 0}
        assert (shown["sessions"]["imap"], shown["sessions"]["control"]) == (1, 4)
        assert (shown["accounts"]["registered"], shown["alerts"]) == (4, [])


async def test_arrivals_are_carried_forward_and_grow_old(desk: Desk) -> None:
    owner, anna = desk.person("olga", role=Role.OWNER), desk.person("anna")
    deliver(desk, anna, NOW - 2 * DAY, count=2)
    deliver(desk, anna, NOW - HOUR, count=4)

    async def minutes_and_hours() -> tuple[int, int]:
        signed_in = Person(owner.account, owner.keys, desk.token(owner.account, owner.keys))
        found = (await asked(desk, "GET", "/v1/dashboard", signed_in))["arrivals"]
        return sum(found["minutes"]), sum(found["hours"])

    assert await minutes_and_hours() == (0, 4)
    deliver(desk, anna, NOW, count=2)
    assert await minutes_and_hours() == (2, 6)
    assert await minutes_and_hours() == (2, 6)
    desk.clock.turn(59 * MINUTE)
    assert await minutes_and_hours() == (2, 6)
    desk.clock.turn(2 * MINUTE)
    assert await minutes_and_hours() == (0, 6)


def test_a_count_begins_where_the_span_begins_and_goes_on_behind_the_last(tmp_path: Path) -> None:
    desk = Desk.open(tmp_path / "data")
    anna = desk.person("anna")
    for day in range(40, -1, -1):
        deliver(desk, anna, NOW - day * DAY)
    last, counted = desk.store.read_now(arrival_counts.after, None, NOW - 3 * DAY)
    assert (last, sum(each.count for each in counted)) == (41, 4)
    assert desk.store.read_now(arrival_counts.after, last, NOW - 3 * DAY) == (41, [])
    assert desk.store.read_now(arrival_counts.after, None, NOW + 1) == (41, [])
    desk.store.write_now(statements.run, "DELETE FROM delivery", ())
    assert desk.store.read_now(arrival_counts.after, None, NOW)[1] == []
    desk.store.close()


async def test_certificate_backup_disk_and_log_stand_there_with_what_needs_doing(desk: Desk, tmp_path: Path) -> None:
    owner, made_at = desk.person("olga", role=Role.OWNER), NOW - 3640 * DAY
    tls.create_self_signed(desk.data / "tls/cert.pem", desk.data / "tls/key.pem", "post.example.test", made_at)
    park(desk, None, "uncertain", 1, "restored")
    desk.clock.turn(3 * DAY)
    token = desk.token(owner.account, owner.keys)
    owner = Person(owner.account, owner.keys, token)
    found = await asked(desk, "GET", "/v1/dashboard", owner)
    machine = found["machine"]
    assert (machine["certificate"]["days_left"], machine["certificate"]["self_signed"]) == (7, True)
    assert machine["certificate"]["subject"] == "CN=post.example.test"
    assert machine["disk"]["total"] > machine["disk"]["free"] > 0
    assert machine["disk"]["database"] > 0
    assert (machine["backup"]["made_at"], machine["backup"]["overdue"]) == (None, True)
    codes = [each["code"] for each in found["alerts"] if each["code"] != "disk-full"]
    assert codes == ["not-running", "certificate-ends", "no-backup", "restored"]
    dutch = (await desk.ask("GET", "/v1/dashboard", owner, **{"Accept-Language": "nl"})).json()["alerts"]
    assert [each["text"] for each in dutch] != [each["text"] for each in found["alerts"]]
    backup.make(desk.store, tmp_path / "there", None, 35, "operator", desk.control.now())
    await asked(desk, "POST", "/v1/audit/verification", owner, {})
    desk.store.write_now(statements.rows, "SELECT 1")  # what was queued before it is done
    found = await asked(desk, "GET", "/v1/dashboard", owner)
    assert found["machine"]["backup"]["made_at"] == found["machine"]["log_verified_at"] == desk.control.now()
    assert "no-backup" not in [each["code"] for each in found["alerts"]]
