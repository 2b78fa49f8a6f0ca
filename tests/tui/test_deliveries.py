"""Deliveries and the outbox as an admin looks after them: found, explained, tried again, settled, cancelled."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlmodel import Session

from postex_tui.connection import Event
from postex_tui.palette.deliveries import DeliveryFinds, OutboxFinds
from postex_tui.screens.dialogs import Confirm, Form
from postex_tui.screens.filtered import CHANGED
from postex_tui.screens.office.deliveries.detail import DeliveryDetail
from postex_tui.screens.office.deliveries.outbox import Outbox
from storage.deliveries import deliveries, jobs
from storage.deliveries.terms import Channel, DeliveryState, JobState, Ladder
from storage.engine import statements
from storage.errors import NotFound
from storage.keys.outbox import OutboxKey
from storage.people import notice_urls
from storage.records import Role
from tests.control import NOW, Desk, Person
from tests.departures import job_of, leave
from tests.tui.office import LARGE, seat
from tests.tui.waiting import filled, pushed, read


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.open(tmp_path / "data")


def parked(desk: Desk, person: Person, state: JobState, problem: str, channel: Channel = Channel.PAPER) -> int:
    job = job_of(desk.store, leave(desk.store, person.account, NOW, channel))
    desk.store.write_now(jobs.park, job, state, problem, NOW + 5)
    return job


def state(desk: Desk, job: int) -> JobState:
    return desk.store.read_now(jobs.get, job).state


WORDS: Mapping[str, tuple[str, ...]] = {
    "en": ("given up", "the printer gave it up", "The letter for anna@example.test goes to the printer, now."),
    "nl": ("opgegeven", "de printer gaf het op", "De brief voor anna@example.test gaat nu naar de printer."),
}


@pytest.mark.parametrize("locale", WORDS)
async def test_an_admin_finds_a_dead_letter_reads_what_happened_and_tries_it_again(desk: Desk, locale: str) -> None:
    given_up, problem, happens = WORDS[locale]
    async with desk:
        admin, anna = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna")
        waits = job_of(desk.store, leave(desk.store, anna.account, NOW, Channel.EMAIL))
        dead = [parked(desk, anna, JobState.DEAD, "printer-aborted") for _ in range(2)]
        async with seat(desk, admin, section="outbox", locale=locale, size=LARGE) as at:
            grid = at.app.screen.grid  # type: ignore[attr-defined]
            assert list(grid.items) == [str(dead[1]), str(dead[0]), str(waits)], "dead letters first"
            assert given_up in at.text
            assert problem in at.text
            await at.press("a")
            assert isinstance(at.app.screen, Confirm)
            assert happens in read(at)
            await pushed(at, "do")
            assert state(desk, dead[1]) is JobState.WAITING
            await at.press("A")
            assert " 1 " in at.text
            await pushed(at, "do")
            assert state(desk, dead[0]) is JobState.WAITING
            await at.press("enter")
            assert isinstance(at.app.screen, DeliveryDetail)
            assert "CANARY" not in at.text


async def test_an_uncertain_one_is_explained_and_settled_and_a_letter_cancelled_stays_in_the_mailbox(
    desk: Desk,
) -> None:
    async with desk:
        admin, anna = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna")
        unsure = [parked(desk, anna, JobState.UNCERTAIN, "printer-knows-no-such-job") for _ in range(2)]
        letter = leave(desk.store, anna.account, NOW, ladder=Ladder.parse("3:remind 14:paper"))
        async with seat(desk, admin, section="outbox") as at:
            await at.press("s")
            assert "Nobody knows whether it happened" in read(at)
            await filled(at, what="done")
            with pytest.raises(NotFound):
                desk.store.read_now(jobs.get, unsure[1])
            await at.press("s")
            await filled(at, what="not-done")
            assert state(desk, unsure[0]) is JobState.WAITING
            at.app.go("deliveries")
            await at.settled()
            await at.press("enter")
            assert "2025-10-12: day 3: reminder, if it is unread then" in read(at)
            await at.press("d")
            assert "The letter for anna@example.test is not printed. The document stays in the mailbox" in read(at)
            await pushed(at, "do")
            assert desk.store.read_now(deliveries.get, letter.id).state is DeliveryState.WAITING, "its ladder"
            assert "Nothing." in at.text


async def test_deliveries_are_narrowed_and_live_changes_do_not_move_the_place(desk: Desk) -> None:
    async with desk:
        admin, anna, bram = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna"), desk.person("bram")
        for person in (anna, bram, anna):
            leave(desk.store, person.account, NOW, Channel.EMAIL)
        async with seat(desk, admin, section="deliveries") as at:
            screen = at.app.screen
            await at.press("slash")
            await filled(at, recipient="bram", since="yesterday")
            assert isinstance(at.app.screen, Form)
            assert "yesterday is no time" in read(at)
            await filled(at, since="2025-10-01")
            assert "anna@" not in at.text
            assert "bram" in at.text
            await at.press("slash")
            await filled(at, recipient="nobody", since="")
            assert "No delivery is like that" in at.text
            await at.press("c")
            assert len(screen.grid.items) == 3  # type: ignore[attr-defined]
            leave(desk.store, anna.account, NOW, Channel.EMAIL)
            screen.on_live(Event("arrivals", {}))  # type: ignore[attr-defined]
            await at.settled()
            assert len(screen.grid.items) == 4  # type: ignore[attr-defined]
            await at.press("down")
            here = screen.grid.key_here  # type: ignore[attr-defined]
            screen._catch_up()  # type: ignore[attr-defined]
            screen.on_live(Event("arrivals", {}))  # type: ignore[attr-defined]
            await at.settled()
            assert CHANGED in at.text
            assert screen.grid.key_here == here  # type: ignore[attr-defined]


async def test_what_strangers_wrote_is_shown_and_never_obeyed(desk: Desk) -> None:
    hostile = "[@click=app.quit]x[/y]\x1b]0;t\x07\u202e" + "ä" * 10_000
    async with desk:
        admin, anna = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna")
        job = parked(desk, anna, JobState.DEAD, hostile)
        desk.store.write_now(statements.run, "UPDATE correspondent SET address = ?", (hostile,))
        desk.store.write_now(notice_url, OutboxKey.of(desk.store.server_keys.outbox), anna.account.id, hostile)
        async with seat(desk, admin, section="outbox") as at:
            assert "[@click=app.quit]x[/y]·]0;t··" in at.text
            await at.press("p")
            assert "[@click=" in at.text
            await at.press("escape", "enter")
            assert isinstance(at.app.screen, DeliveryDetail)
            assert "[@click=" in at.text
            at.app.go("deliveries")
            await at.settled()
            assert "[@click=" in at.text
            assert not {"\x1b", "\u202e"} & set(at.text)
        assert state(desk, job) is JobState.DEAD


def notice_url(session: Session, key: OutboxKey, account_id: int, service: str) -> None:
    notice_urls.put(session, account_id, key.public_key, "ntfys://x", service, NOW, actor="system")
    statements.run(session, "UPDATE notice_url SET paused_at = ?", (NOW,))


async def test_a_helper_sees_people_masked_and_has_no_acts(desk: Desk) -> None:
    async with desk:
        helper, anna = desk.person("hans", Role.SUPPORT), desk.person("anna")
        parked(desk, anna, JobState.DEAD, "printer-aborted")
        async with seat(desk, helper, section="deliveries") as at:
            assert "a…@e…" in at.text
            assert "anna@" not in at.text
            await at.press("enter")
            assert "Try again" not in at.text
            assert not any(section.name == "outbox" for section in at.app.offers)


async def test_the_palette_finds_deliveries_and_dead_letters(desk: Desk) -> None:
    async with desk:
        admin, anna = desk.person("dora", Role.DOMAIN_ADMIN), desk.person("anna")
        job = parked(desk, anna, JobState.DEAD, "over-quota", Channel.EXTERNAL)
        async with seat(desk, admin, section="deliveries") as at:
            found = OutboxFinds(at.app.screen)
            (find,) = await found.found("full")
            assert find.title.startswith(f"{job}: ")
            find.go()
            await at.settled()
            assert isinstance(at.app.screen, Outbox)
            assert at.app.screen.wanted == {"state": "dead", "kind": "external"}
            (find,) = await DeliveryFinds(at.app.screen).found("anna")
            find.go()
            await at.settled()
            assert isinstance(at.app.screen, DeliveryDetail)
