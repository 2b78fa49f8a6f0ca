"""A carrier gives no field that a contract forbids, and nothing of a document leaves Europe (S38, S39, S68)."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from bridge.channels import handover
from bridge.channels.handover import Destination, Gate, Handover, HandoverRefused
from bridge.channels.outbox import Failed, Later, Task
from bridge.routing.residency import EUROPE
from storage.choices import consents
from storage.choices.consents import Purpose
from storage.database import Store
from storage.deliveries import processors
from storage.deliveries.jobs import Job
from storage.deliveries.processors import CONTENT, LARGEST, NOTICE, Field, Processor, ProcessorKind
from storage.deliveries.terms import Channel, JobKind, JobState, Road
from storage.errors import Invalid
from storage.keys.outbox import OutboxKey
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import DomainMode, Role
from tests import stores

NOW = 1_760_000_000
RELAY = ProcessorKind.RELAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with stores.new(tmp_path / "data") as opened:
        yield opened


def register(store: Store, kind: ProcessorKind = RELAY, country: str = "NL", *allowed: Field) -> None:
    entry = Processor("carrier", kind, country, "2026-01-01", frozenset(allowed), NOW)
    store.write_now(processors.put, entry)


async def problem(store: Store, to: Destination, fields: frozenset[Field]) -> str | None:
    try:
        await Gate(store, EUROPE).check(Handover(to, fields))
    except HandoverRefused as refused:
        return refused.problem
    return None


async def test_a_processor_gets_the_fields_of_its_contract_and_no_other(store: Store) -> None:
    to = Destination(RELAY, "NL", "carrier")
    assert await problem(store, to, frozenset({Field.ADDRESS})) == handover.NO_CONTRACT
    register(store, RELAY, "NL", Field.ADDRESS, Field.TYPE)
    for size in range(len(Field)):
        for fields in combinations(Field, size):
            asked = frozenset(fields)
            allowed = asked <= {Field.ADDRESS, Field.TYPE}
            assert (await problem(store, to, asked) is None) == allowed, asked


async def test_another_kind_of_that_name_is_no_contract(store: Store) -> None:
    register(store, ProcessorKind.PRINTER, "NL", Field.NAME)
    assert await problem(store, Destination(RELAY, "NL", "carrier"), frozenset()) == handover.NO_CONTRACT


@pytest.mark.parametrize(("declared", "registered"), [("US", "NL"), ("NL", "US"), ("", "NL"), ("nl", "NL")])
async def test_content_stays_in_europe_whichever_of_the_two_says_otherwise(
    store: Store, declared: str, registered: str
) -> None:
    register(store, RELAY, registered, *LARGEST[RELAY]) if registered else None
    to = Destination(RELAY, declared, "carrier")
    for field in CONTENT:
        assert await problem(store, to, frozenset({field, Field.ADDRESS})) == handover.OUTSIDE_EUROPE
    assert await problem(store, to, NOTICE) is None


async def test_what_is_nobodys_processor_is_bound_by_country_and_kind(store: Store) -> None:
    own = Destination(ProcessorKind.MAILBOX, "DE")
    assert await problem(store, own, LARGEST[ProcessorKind.MAILBOX]) is None
    assert await problem(store, own, frozenset({Field.POSTAL_ADDRESS})) == handover.NOT_ALLOWED
    abroad = Destination(ProcessorKind.MAILBOX, "US")
    assert await problem(store, abroad, frozenset({Field.TITLE})) == handover.OUTSIDE_EUROPE
    assert await problem(store, Destination(ProcessorKind.MESSENGER, "US"), NOTICE) is None
    assert await problem(store, Destination(ProcessorKind.MESSENGER, "NL"), CONTENT) == handover.NOT_ALLOWED


def task_of(store: Store, kind: JobKind = JobKind.EMAIL, account_id: int | None = None) -> Task:
    job = Job(1, "x", kind, account_id, None, None, JobState.WAITING, NOW, 0, None, None, None, NOW)
    return Task(job, store, OutboxKey.of(store.server_keys.outbox), NOW)


def test_a_country_or_a_no_closes_the_road_and_a_contract_can_be_put_right(store: Store) -> None:
    task = task_of(store)
    for problem in (handover.OUTSIDE_EUROPE, handover.DECLINED):
        assert isinstance(HandoverRefused(problem).outcome(lambda _session, _now: None, task), Failed)
    assert HandoverRefused(handover.NO_CONTRACT).outcome(lambda _s, _n: None, task) == Later(handover.NO_CONTRACT)


async def test_a_consent_that_was_withdrawn_holds_at_the_moment_of_handing_over(store: Store) -> None:
    """S35, S78: whatever was decided when the document came."""
    domain = store.write_now(domains.create, "example.test", DomainMode.MANAGED, "NL", NOW)
    draft = AccountDraft("anna@example.test", "Anna", Role.RECIPIENT)
    anna, _ = store.write_now(accounts.create, store.shred, draft, domain, NOW)
    gate, content = Gate(store, EUROPE), Handover(Destination(RELAY, "NL"), CONTENT | {Field.ADDRESS})
    by_email, on_paper = (task_of(store, kind, anna.id) for kind in (JobKind.EMAIL, JobKind.PAPER))
    await gate.permit(content, by_email)  # a domain chose: nobody was asked, nobody has said no
    store.write_now(consents.note_carriers, anna.id, [Channel.EMAIL, Channel.PAPER], road=Road.CLI, now=NOW)
    await gate.permit(content, by_email)
    store.write_now(consents.withdraw, anna.id, Purpose.CARRIERS, None, Channel.EMAIL, now=NOW + 1)
    with pytest.raises(HandoverRefused, match=handover.DECLINED):
        await gate.permit(content, by_email)
    await gate.permit(content, on_paper)


def test_no_contract_can_allow_what_nobody_of_that_kind_needs(store: Store) -> None:
    with pytest.raises(Invalid):
        register(store, ProcessorKind.MESSENGER, "NL", Field.TITLE)
    with pytest.raises(Invalid):
        register(store, ProcessorKind.MAILBOX, "NL")
    assert store.read_now(processors.listing) == []
