"""A hand-in that is refused leaves nothing behind: no row in any table, no body file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.engine import statements
from tests.smtp_office import Client, Office, running

STRANGER = "x@outside.test"
HEAD = f"From: <{STRANGER}>\r\nMessage-ID: <1@outside.test>\r\n"


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with running(tmp_path) as opened:
        yield opened


def rows(office: Office) -> dict[str, int]:
    """How many each table has."""
    store = office.store
    names = store.read_now(statements.rows, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    counted = "SELECT count(*) FROM "
    return {name: store.read_now(statements.rows, counted + name)[0][0] for (name,) in names}


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        pytest.param(HEAD + "Received: x\r\n" * 101 + "\r\nx\r\n", "554 5.4.6", id="goes round"),
        pytest.param(HEAD + "\r\na\0b\r\n", "554 5.6.0", id="NUL"),
        pytest.param(HEAD + "\r\na\rb\r\n", "554 5.6.0", id="bare CR"),
    ],
)
async def test_of_a_stranger_nobody_knows_then(office: Office, message: str, answer: str) -> None:
    before, bodies = rows(office), set(office.store.bodies.names())
    client = await Client.connect(office, "mx")
    await client.say("EHLO mx.outside.test")
    assert (await client.hand_in(message.encode(), STRANGER, "anna@example.test")).startswith(answer)
    assert rows(office) == before
    assert set(office.store.bodies.names()) == bodies


async def test_of_a_sender_whose_batch_is_refused(office: Office) -> None:
    before, bodies = rows(office), set(office.store.bodies.names())
    client = await Client.connect(office, "smtps")
    await client.sign_in(office.erp)
    message = b"From: <erp@example.test>\r\nMessage-ID: <1@x.test>\r\nPostex-Document: batch=" + b"x" * 100
    assert (await client.hand_in(message + b"\r\n\r\nx\r\n", "erp@example.test", "anna@example.test")).startswith(
        "554"
    )
    assert rows(office) == before
    assert set(office.store.bodies.names()) == bodies


@pytest.mark.parametrize("sender", ['"a b"@x.test', '"a\\"b"@x.test', "a@[192.0.2.1]", "A@X.TEST", "<>"])
async def test_an_address_of_any_form_hands_in(office: Office, sender: str) -> None:
    """RFC 5321 section 4.1.2: quoted local parts, literals."""
    client = await Client.connect(office, "mx")
    await client.say("EHLO mx.outside.test")
    answer = await client.hand_in(b"Subject: x\r\n\r\nx\r\n", sender.strip("<>"), "anna@example.test")
    assert answer.startswith("250 "), answer


async def test_what_room_is_left_is_nobodys_to_find_out(office: Office) -> None:
    """A size that fits the quota is taken as long as there is any room: a probe learns no more than full or not."""
    number = office.anna.account.id
    client = await Client.connect(office, "mx")
    await client.say("EHLO mx.outside.test")
    for used, size, answer in (
        (0, 1000, "250"),
        (999, 1000, "250"),
        (0, 1001, "452"),
        (1000, 1, "452"),
        (1000, 0, "452"),
    ):
        office.store.write_now(
            statements.run, "UPDATE account SET quota_bytes = 1000, used_bytes = ? WHERE id = ?", (used, number)
        )
        assert (await client.say(f"MAIL FROM:<{STRANGER}> SIZE={size}")).startswith("250 ")
        assert (await client.say("RCPT TO:<anna@example.test>")).startswith(answer), (used, size)
        await client.say("RSET")
