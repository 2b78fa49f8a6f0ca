"""The server can open a document exactly as long as something of it may still have to leave (S57): whatever readers,
carriers, admins, senders and erasures do, in any order. SOAK_SEALS: how many lives of an office.
"""

import asyncio
import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from bridge.channels import batches as holding
from bridge.channels import climbing, handoff, letters, mailbox, sealing
from bridge.channels.outbox import Done, Failed, Later, Outcome, Task, Uncertain
from bridge.mail.facts import facts_of
from bridge.mail.resending import header_block
from bridge.routing import planning
from bridge.routing.decision import Places
from bridge.routing.residency import EUROPE
from storage.choices import preferences
from storage.deliveries import arrivals, batches, deliveries, jobs, ladder_runs, own_copies
from storage.deliveries.arrivals import Acceptance
from storage.deliveries.terms import DAY, Channel, Choice, JobKind, Ladder, Preference
from storage.engine import statements
from storage.erasures import erasing, erasure, partial_erasure
from storage.errors import Conflict, NotFound
from storage.mail import copies, flags
from storage.people import accounts
from storage.records import Flag
from tests.leaving import DOCUMENT, Way
from tests.smtp_office import Office, Person

LIVES = int(os.environ.get("SOAK_SEALS", "4"))
STEPS = 60
PLACES = Places({Channel.EMAIL: "NL", Channel.PAPER: "NL"}, EUROPE, notices_by_email=True)
LADDERS = ("1:remind", "1:email 3:paper", "1:remind 2:paper 3:remind", "2:email 4:remind", "1:paper")
FORSAKEN = (
    "SELECT document_id FROM outbox_key WHERE NOT EXISTS"
    " (SELECT 1 FROM delivery WHERE delivery.document_id = outbox_key.document_id AND needs_key)"
)
CLOSED = (
    "SELECT id FROM delivery WHERE needs_key AND NOT EXISTS"
    " (SELECT 1 FROM outbox_key WHERE outbox_key.document_id = delivery.document_id)"
)
IDLE = (
    "SELECT id, state, ladder, ladder_step FROM delivery WHERE needs_key AND state <> 'held'"
    " AND ladder_due_at IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM job WHERE job.delivery_id = delivery.id AND job.kind <> 'notice')"
)
SPENT = (
    "SELECT id FROM delivery WHERE needs_key AND state IN ('handed-off', 'opened', 'removed', 'refused', 'delivered')"
)


class Whim:
    """A carrier of which anything may come, also that its reader acts meanwhile."""

    def __init__(self, kind: JobKind, chance: random.Random, meanwhile: Callable[[], None]) -> None:
        self.kind, self._chance, self._meanwhile = kind, chance, meanwhile

    async def carry(self, task: Task) -> Outcome:
        number = task.job.delivery_id
        if number is None or self.kind is JobKind.NOTICE:
            return Done()
        assert await task.message()
        if self._chance.random() < 0.5:
            await task.note("begun")
        if self._chance.random() < 0.3:
            self._meanwhile()
        channel = Channel(self.kind)
        return self._chance.choice(
            (
                Done(partial(handoff.done, delivery_id=number, channel=channel)),
                Failed("no", partial(handoff.failed, delivery_id=number, channel=channel, problem="no")),
                Later("busy"),
                Uncertain("cut"),
            )
        )


class Life:
    """An office of two readers, and what may happen in it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.way = Way(Office(folder))
        self.store, self.office = self.way.office.store, self.way.office
        self.readers = [self.office.anna, self.office.bram]
        self.count = 0
        for person in self.readers:
            self.way.verify_contact(person)
            sql = "UPDATE account SET postal_address = 'Dam 1\nAmsterdam\nNL' WHERE id = ?"
            self.store.write_now(statements.run, sql, (person.account.id,))

    def now(self) -> int:
        return int(self.way.clock.now)

    def somebody(self) -> Person:
        return self.chance.choice(self.readers)

    def rows(self, sql: str, *values: statements.Value) -> list[statements.Row]:
        return list(self.store.read_now(statements.rows, sql, values))

    def for_both(self) -> int:
        """A document for both readers, of whom the first has it on paper; the printer has begun."""
        self.way.choose(self.office.anna, Channel.PAPER)
        self.hand_in(None, *self.readers)
        self.store.write_now(statements.run, "UPDATE job SET step = 'printing'")
        ((document,),) = self.rows("SELECT document_id FROM outbox_key")
        return int(document)

    # --- what may happen ---

    def choose(self) -> None:
        channels = (Channel.MAILBOX, Channel.EMAIL, Channel.PAPER, Channel.REFUSE)
        choice = Choice(channel=self.chance.choice(channels))
        if choice.channel is Channel.MAILBOX:
            choice = Choice(channel=Channel.MAILBOX, ladder=Ladder.parse(self.chance.choice(LADDERS)))
        wanted = Preference(choice, account_id=self.somebody().account.id)
        self.store.write_now(preferences.put, wanted, self.now())

    def hand_in(self, batch: str | None = None, *chosen: Person) -> None:
        self.count += 1
        store, erp = self.store, self.office.erp.account.id
        message = DOCUMENT.replace(b"<1@", b"<%d@" % self.count)
        people = chosen or self.chance.sample(self.readers, self.chance.randint(1, len(self.readers)))
        found = tuple(store.read_now(accounts.recipient, person.account.email) for person in people)
        readers = tuple(each for each in found if each is not None)
        gathered = store.read_now(planning.gather, [each.account_id for each in readers], erp, True)
        openable = batch is not None or gathered.may_leave()
        public = self.way.outbox_public
        placed = sealing.seal_and_place(store.bodies, message, readers, public if openable else None)
        facts = facts_of(header_block(message))
        decided = planning.plan(gathered, facts, PLACES, store.server_keys.message_tag, self.now(), {})
        if batch is not None:
            decided = {number: planning.held(each, openable) for number, each in decided.items()}
        draft = mailbox.inbox_draft(placed, readers, erp, None, self.now())
        acceptance = Acceptance(draft, decided, gathered.key, public, batch=batch)
        refused = all(each.channel is Channel.REFUSE for each in decided.values())
        store.write_now(arrivals.refuse if refused else arrivals.accept, acceptance, self.now())

    def batch(self) -> None:
        name = f"batch-{self.count}"
        for _ in range(2):
            self.hand_in(name)
        found = self.store.read_now(batches.named, self.office.erp.account.id, name)
        self.check()
        if self.chance.random() < 0.5:
            self.choose()
            held = self.store.read_now(batches.count, found.id)
            self.store.write_now(batches.begin, found.id, held, self.now(), "test")
        else:
            self.store.write_now(batches.cancel, found.id, self.now(), "test")
        asyncio.run(holding.settle(self.store, PLACES, found.id, self.now()))

    def open(self) -> None:
        account = self.somebody().account.id
        found = self.rows("SELECT document_id FROM copy WHERE account_id = ?", account)
        if found:
            (document,) = self.chance.choice(found)
            self.store.write_now(deliveries.opened, account, [document], self.now())

    def throw_away(self) -> None:
        account = self.somebody().account.id
        found = self.rows("SELECT mailbox_id, uid FROM copy WHERE account_id = ?", account)
        if not found:
            return
        mailbox_id, uid = self.chance.choice(found)
        ((trash,),) = self.rows("SELECT id FROM mailbox WHERE account_id = ? AND special = 'trash'", account)
        if self.chance.random() < 0.5 and mailbox_id != trash:
            self.store.write_now(copies.move, mailbox_id, ((uid, uid),), trash, self.now())
        else:
            mark = flags.FlagMode.ADD
            self.store.write_now(flags.store_flags, mailbox_id, ((uid, uid),), mark, Flag.DELETED, ())
            self.store.write_now(copies.expunge, mailbox_id, ((uid, uid),), self.now())

    def carry(self) -> None:
        kinds = (JobKind.NOTICE, JobKind.EMAIL, JobKind.PAPER)
        whims = [Whim(kind, self.chance, self.chance.choice((self.open, self.throw_away))) for kind in kinds]
        asyncio.run(self._turn(whims))

    async def _turn(self, whims: list[Whim]) -> None:
        await self.way.outbox(*whims).turn()

    def pass_time(self) -> None:
        self.way.clock.now += self.chance.choice((3600, DAY, 6 * DAY, 31 * DAY))
        asyncio.run(climbing.climb(PLACES, self.store, self.now()))
        self.store.write_now(letters.expire, self.now())

    def administer(self) -> None:
        found = self.rows("SELECT id FROM job")
        if not found:
            return
        (number,), at = self.chance.choice(found), self.now()
        act = self.chance.choice(
            (
                partial(letters.retry, now=at, actor="test"),
                partial(letters.cancel, now=at, actor="test"),
                partial(letters.settle, done=True, now=at, actor="test"),
                partial(letters.settle, done=False, now=at, actor="test"),
            )
        )
        with suppress(Conflict, NotFound):
            self.store.write_now(lambda session: act(session, number))

    def restore(self) -> None:
        self.store.write_now(jobs.make_uncertain, "restored", self.now())

    def register(self) -> None:
        self.store.write_now(ladder_runs.release_held, self.somebody().account.id, self.now())

    def erase_document(self) -> None:
        account = self.somebody().account.id
        found = self.rows(
            "SELECT public_id FROM document JOIN wrap ON wrap.document_id = document.id WHERE account_id = ?"
            " AND EXISTS (SELECT 1 FROM copy WHERE copy.document_id = document.id)",
            account,
        )
        if found:
            (public_id,) = self.chance.choice(found)
            self.store.write_now(partial_erasure.begin_document, account, public_id, by=None, now=self.now())

    def erase_account(self) -> None:
        """Of one reader; what the other has stays."""
        gone = self.readers.pop()
        begun = self.store.write_now(erasure.begin, gone.account.id, by=None, now=self.now())
        erasing.carry_out(self.store, begun.id, self.now())

    # --- what must hold ---

    def check(self) -> None:
        for rule in (FORSAKEN, CLOSED, IDLE, SPENT):
            assert self.rows(rule) == [], rule
        for person in self.readers:
            shown = self.store.read_now(own_copies.listing, person.account.id, open_to_server=True, limit=1000)
            known = self.rows(
                "SELECT document.public_id FROM outbox_key JOIN document ON document.id = outbox_key.document_id"
                " JOIN delivery ON delivery.document_id = document.id WHERE account_id = ? AND state <> 'held'",
                person.account.id,
            )
            assert {each.document for each in shown} == {name for (name,) in known}


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    made = Life(tmp_path, 0)
    yield made
    made.store.close()


def test_what_was_read_and_thrown_away_while_it_left_cannot_be_opened_for_another_reader(life: Life) -> None:
    document, anna = life.for_both(), life.office.anna.account.id
    life.store.write_now(deliveries.opened, anna, [document], life.now())
    ((mailbox_id, uid),) = life.rows("SELECT mailbox_id, uid FROM copy WHERE account_id = ?", anna)
    life.store.write_now(flags.store_flags, mailbox_id, ((uid, uid),), flags.FlagMode.ADD, Flag.DELETED, ())
    life.store.write_now(copies.expunge, mailbox_id, ((uid, uid),), life.now())
    assert life.rows("SELECT document_id FROM outbox_key") == []
    assert life.rows("SELECT id FROM document") == [(document,)]


def test_with_an_erased_account_goes_the_way_to_what_others_keep(life: Life) -> None:
    document = life.for_both()
    life.readers.reverse()
    life.erase_account()
    assert life.rows("SELECT document_id FROM outbox_key") == []
    assert life.rows("SELECT id FROM document") == [(document,)]


@pytest.mark.parametrize("seed", range(LIVES))
def test_no_seal_outlives_its_need(tmp_path: Path, seed: int) -> None:
    life = Life(tmp_path, seed)
    often = [life.hand_in, life.hand_in, life.choose, life.carry, life.carry, life.open, life.throw_away]
    seldom = [life.pass_time, life.administer, life.batch, life.restore, life.register, life.erase_document]
    try:
        for _ in range(STEPS):
            happened = life.chance.choice([*often, *often, *seldom])
            happened()
            life.check()
        life.erase_account()
        life.check()
    finally:
        life.store.close()
