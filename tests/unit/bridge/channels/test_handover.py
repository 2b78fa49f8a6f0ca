"""A carrier gives no field that a contract forbids, and nothing of a document leaves Europe (S38, S39, S68)."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from bridge.channels import handover
from bridge.channels.handover import Destination, Gate, Handover, HandoverRefused
from bridge.channels.outbox import Failed, Later
from bridge.routing.residency import EUROPE
from storage.database import Store
from storage.deliveries import processors
from storage.deliveries.processors import CONTENT, LARGEST, NOTICE, Field, Processor, ProcessorKind
from storage.errors import Invalid
from storage.keys.master import MasterKey

NOW = 1_760_000_000
RELAY = ProcessorKind.RELAY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    master = MasterKey.generate()
    Store.create(tmp_path / "data", master)
    with Store.open(tmp_path / "data", master) as opened:
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


def test_a_country_closes_the_road_and_a_contract_can_be_put_right() -> None:
    assert isinstance(HandoverRefused(handover.OUTSIDE_EUROPE).outcome(lambda _session, _now: None), Failed)
    assert HandoverRefused(handover.NO_CONTRACT).outcome(lambda _s, _n: None) == Later(handover.NO_CONTRACT)


def test_no_contract_can_allow_what_nobody_of_that_kind_needs(store: Store) -> None:
    with pytest.raises(Invalid):
        register(store, ProcessorKind.MESSENGER, "NL", Field.TITLE)
    with pytest.raises(Invalid):
        register(store, ProcessorKind.MAILBOX, "NL")
    assert store.read_now(processors.listing) == []
