"""Questions to support@, privacy@ and postmaster@: from people here, strangers and programs; their pace (S5)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.smtp import errands
from storage.engine import statements
from storage.people import tickets
from storage.people.tickets import Ticket
from storage.records import Role
from tests.smtp_office import NOW, Client, Office, Person, running

DESK = "support@example.test"
LARGEST = 2**63 - 1
OWNERS = "SELECT copy.uid FROM copy JOIN account ON account.id = copy.account_id WHERE account.role = 'owner'"


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with running(tmp_path) as opened:
        opened.person("owner@example.test", Role.OWNER)
        yield opened


def with_owner(office: Office) -> int:
    """Questions that lie in the owner's mailbox."""
    return len(office.store.read_now(statements.rows, OWNERS))


def open_ones(office: Office) -> list[Ticket]:
    return office.store.read_now(tickets.listing, None, LARGEST, 100, closed=False)


async def ask(office: Office, *fields: str, writer: Person | None = None, number: int = 1) -> str:
    client = await Client.connect(office, "mx" if writer is None else "smtps")
    name = "x@outside.test" if writer is None else writer.account.email
    await (client.say("EHLO mx.outside.test") if writer is None else client.sign_in(writer))
    head = [f"From: <{name}>", f"Message-ID: <{number}@x.test>", *fields]
    message = "\r\n".join([*head, "", f"Vraag {number}", ""]).encode()
    answer = await client.hand_in(message, name, DESK)
    await client.close()
    return answer


async def test_a_stranger_is_heard_and_nothing_goes_back(office: Office) -> None:
    """No automatic answer to an address that anybody may have written: that would be backscatter."""
    assert (await ask(office)).startswith("250 2.0.0 stored")
    (ticket,) = open_ones(office)
    assert (ticket.desk, ticket.account_id) == ("support", None)
    assert with_owner(office) == 1
    assert office.store.read_now(statements.rows, "SELECT 1 FROM job") == []


async def test_who_is_signed_in_is_told_the_number(office: Office) -> None:
    assert (await ask(office, writer=office.anna)).startswith("250 ")
    (ticket,) = open_ones(office)
    (told,) = await office.messages(office.anna)
    assert ticket.number.encode() in told
    assert b"Auto-Submitted: auto-" in told


@pytest.mark.parametrize(
    "field", ["Auto-Submitted: auto-replied", "Precedence: bulk", "List-Post: <mailto:x@y.test>"]
)
async def test_a_program_is_not_answered(office: Office, field: str) -> None:
    """Two desks that answered each other's answers would not come to an end (RFC 3834)."""
    assert (await ask(office, field, writer=office.anna)).startswith("250 ")
    assert await office.messages(office.anna) == []


async def test_the_answer_to_a_question_asked_again_makes_no_loop(office: Office) -> None:
    """What the desk itself wrote, sent to a desk."""
    await ask(office, writer=office.anna)
    (told,) = await office.messages(office.anna)
    client = await Client.connect(office, "mx")
    await client.say("EHLO mx.outside.test")
    for _ in range(3):
        assert (await client.hand_in(told, "", DESK)).startswith("250 ")
    assert len(await office.messages(office.anna)) == 1


async def test_questions_have_a_pace(office: Office) -> None:
    """RFC 5321 4.2.1: 450, as an hour later they are welcome. Loopback is one network."""
    for number in range(errands.MOST_AN_HOUR):
        assert (await ask(office, number=number)).startswith("250 ")
    assert (await ask(office, number=99)).startswith("450 4.7.1")
    assert (await ask(office, writer=office.anna)).startswith("250 "), "strangers do not use up what is an account's"
    office.server.office.clock = lambda: float(NOW + errands.HOUR + 1)
    assert (await ask(office, number=100)).startswith("250 ")


async def test_the_same_question_again_is_one_ticket(office: Office) -> None:
    assert await ask(office) == await ask(office)
    assert len(open_ones(office)) == 1
