"""Chores by an injected clock: each at its interval, failures tried again, nothing ends the rest."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import pytest

from bridge import housekeeping, logs
from bridge.chores import CHORES
from bridge.housekeeping import DAY, HOUR, RETRY_SECONDS, Chore, Housekeeping, apart
from storage.access import enrolment, sessions
from storage.database import Store
from storage.engine import statements
from storage.errors import WriterUnavailable
from storage.oversight import audit_heads
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import DomainMode, Role
from tests import stores

NOW = 1_760_000_000


@dataclass
class Work:
    """A chore that counts its runs, and fails while told to."""

    every: int
    name: str = "work"
    ran_at: list[int] = field(default_factory=list)
    fails: bool = False

    def chore(self) -> Chore:
        return Chore(self.name, self.every, self.run)

    async def run(self, _store: Store, now: int) -> int:
        self.ran_at.append(now)
        if self.fails:
            raise WriterUnavailable("database")
        return 1


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with stores.new(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def lines() -> Iterator[StringIO]:
    stream = StringIO()
    logs.configure("info", stream)
    yield stream
    logs.configure("error")


def events(stream: StringIO, name: str) -> list[dict[str, object]]:
    return [each for each in map(json.loads, stream.getvalue().splitlines()) if each["event"] == name]


async def test_each_chore_has_its_own_interval(store: Store) -> None:
    hourly, daily = Work(HOUR), Work(DAY)
    kept = Housekeeping(store, [hourly.chore(), daily.chore()])
    for minute in range(2 * 24 * 60):
        await kept.turn(NOW + 60 * minute)
    assert hourly.ran_at == [NOW + HOUR * hour for hour in range(48)]
    assert daily.ran_at == [NOW, NOW + DAY]


async def test_a_failed_chore_is_logged_and_tried_again_and_the_others_go_on(store: Store, lines: StringIO) -> None:
    broken, sound = Work(DAY, "broken", fails=True), Work(DAY, "sound")
    kept = Housekeeping(store, [broken.chore(), sound.chore()])
    assert await kept.turn(NOW) == ["broken", "sound"]
    assert await kept.turn(NOW + RETRY_SECONDS - 1) == []
    broken.fails = False
    assert await kept.turn(NOW + RETRY_SECONDS) == ["broken"]
    assert await kept.turn(NOW + 2 * RETRY_SECONDS) == []
    assert len(sound.ran_at) == 1
    (failed,) = events(lines, "chore.failed")
    assert (failed["chore"], failed["kind"], failed["error_type"]) == (
        "broken",
        "WriterUnavailable",
        "WriterUnavailable",
    )
    assert [each["chore"] for each in events(lines, "chore.done")] == ["sound", "broken"]


async def test_a_clock_that_went_back_makes_all_due(store: Store) -> None:
    work = Work(DAY)
    kept = Housekeeping(store, [work.chore()])
    for now in (NOW, NOW - 7 * DAY, NOW - 7 * DAY + 60):
        await kept.turn(now)
    assert work.ran_at == [NOW, NOW - 7 * DAY]


async def test_heads_go_to_the_log_at_the_start_daily_and_at_the_end(store: Store, lines: StringIO) -> None:
    """What stands in the journal is enough to check the log against, as it stands there."""
    clock, slept = [NOW], asyncio.Queue[None]()

    async def sleep(_seconds: float) -> None:
        slept.put_nowait(None)
        await asyncio.sleep(0)
        clock[0] += 6 * HOUR

    work = Work(HOUR)
    task = asyncio.create_task(housekeeping.keep(store, lambda: clock[0], [work.chore()], sleep))
    for _ in range(6):
        await slept.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    heads = events(lines, "audit.head")
    assert [head["at"] for head in heads][:2] == [NOW, NOW + DAY]
    assert heads[-1]["at"] == clock[0]
    for head in heads:
        parsed = audit_heads.parse(json.dumps(head))
        assert store.read_now(audit_heads.check, store.server_keys, parsed) is audit_heads.Standing.HOLDS


async def test_the_bridges_own_chores_remove_what_is_over(store: Store) -> None:
    domain = store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
    draft = AccountDraft("anna@example.test", "Anna", Role.RECIPIENT)
    account, keys = store.write_now(accounts.create, store.shred, draft, domain, NOW)
    sealing = (store.server_keys, store.shred, account, keys)
    store.write_now(sessions.start, *sealing, "test", NOW)
    store.write_now(enrolment.add_enrolment, *sealing, NOW)
    store.write_now(statements.run, "INSERT INTO hand_in VALUES (?, 'x', ?)", (b"tag", NOW))
    kept = Housekeeping(store, CHORES)
    assert await kept.turn(NOW) == [chore.name for chore in CHORES]
    counts = (
        "SELECT (SELECT count(*) FROM api_session), (SELECT count(*) FROM key_slot), (SELECT count(*) FROM hand_in)"
    )
    assert store.read_now(statements.row, counts) == (1, 2, 1)
    await kept.turn(NOW + 8 * HOUR)
    assert store.read_now(statements.row, counts) == (0, 1, 1)
    await kept.turn(NOW + 30 * DAY)
    assert store.read_now(statements.row, counts) == (0, 0, 0)


def test_every_chore_has_a_name_of_its_own() -> None:
    names = [chore.name for chore in (housekeeping.HEAD, *CHORES)]
    assert len(set(names)) == len(names)


async def test_one_that_cannot_be_done_holds_up_no_other(lines: StringIO) -> None:
    async def act(number: int) -> int:
        if number == 2:
            raise ValueError("whatever it is")
        return number

    assert await apart("work", [1, 2, 3], act) == 4
    assert [each["chore"] for each in events(lines, "chore.item_failed")] == ["work"]


async def test_nothing_more_is_tried_while_the_database_takes_no_writes() -> None:
    tried = []

    async def act(number: int) -> int:
        tried.append(number)
        raise WriterUnavailable("database")

    with pytest.raises(WriterUnavailable):
        await apart("work", [1, 2, 3], act)
    assert tried == [1]
