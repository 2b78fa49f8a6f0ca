"""Strangers and senders who try what the doors are not for: one outcome, little time, nothing injected."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.channels import batches as releasing
from bridge.routing.decision import Places
from storage.choices import changes
from storage.deliveries import batches
from storage.deliveries.batches import BatchState
from storage.deliveries.terms import Channel, Choice, DocumentType, Road
from storage.engine import statements
from storage.errors import Conflict
from tests.smtp_office import NOW, OUTSIDE, Client, Office, running

ANNA, BRAM = "anna@example.test", "bram@example.test"
HEAD = "From: <x@outside.test>\r\nMessage-ID: <1@outside.test>\r\n"


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with running(tmp_path) as opened:
        yield opened


async def stranger(office: Office) -> Client:
    client = await Client.connect(office, "mx")
    await client.say("EHLO mx.outside.test")
    return client


async def test_a_strangers_header_makes_nothing_mandatory(office: Office) -> None:
    """A domain's payslips cannot be refused; a stranger's word that it sends one is only that."""
    chosen = {"road": Road.API, "actor": "operator", "changed_by": None, "now": NOW}
    number, domain = office.anna.account.id, office.domain.id
    given = partial(changes.change, **chosen)  # type: ignore[arg-type]
    office.store.write_now(given, number, [None], None, Choice(channel=Channel.REFUSE))
    office.store.write_now(
        statements.run,
        "INSERT INTO preference (level, domain_id, document_type, mandatory, changed_at) VALUES ('x', ?, ?, 1, ?)",
        (domain, DocumentType.PAYSLIP, NOW),
    )
    text = f"{HEAD}Postex-Document: type=payslip; batch=nov\r\n\r\nx\r\n".encode()
    client = await stranger(office)
    assert (await client.hand_in(text, "x@outside.test", ANNA)).startswith("550 5.7.1")
    sender = await Client.connect(office, "smtps")
    await sender.sign_in(office.erp)
    text = text.replace(b"x@outside.test>\r\nM", OUTSIDE.encode() + b">\r\nM").replace(b"; batch=nov", b"")
    assert (await sender.hand_in(text, OUTSIDE, ANNA)).startswith("250 ")


async def test_a_batch_of_a_stranger_holds_nothing(office: Office) -> None:
    client = await stranger(office)
    text = f"{HEAD}Postex-Document: batch=nov\r\n\r\nx\r\n".encode()
    assert (await client.hand_in(text, "x@outside.test", BRAM)).startswith("250 ")
    assert len(await office.messages(office.bram)) == 1


@pytest.mark.parametrize(
    "line", ["a: b", "Received: x", "DKIM-Signature: v=1; d=e.test; s=s; h=from; b=; bh=", "x", " x"]
)
async def test_a_hundred_thousand_header_lines_cost_little(office: Office, line: str) -> None:
    client = await stranger(office)
    text = (HEAD + f"{line}\r\n" * 100_000 + "\r\nx\r\n").encode()
    began = time.process_time()
    assert (await client.hand_in(text, "x@outside.test", ANNA))[:3] in ("250", "554")
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "command",
    [
        "MAIL FROM:<x@outside.test> ENVID=a+0D+0Ab",
        "MAIL FROM:<x@outside.test> ENVID=a+00b",
        "MAIL FROM:<x@outside.test\0>",
        "MAIL FROM:<\u00fc@outside.test>",
        "MAIL FROM:<x@outside.test> BODY=BINARYMIME",
        "BDAT 5 LAST",
    ],
)
async def test_what_no_envelope_may_hold_is_refused(office: Office, command: str) -> None:
    client = await stranger(office)
    assert (await client.say(command))[:1] == "5"
    assert (await client.say("MAIL FROM:<x@outside.test>")).startswith("250 ")
    for wrong in ("ORCPT=rfc822;a+0D+0Ab", "ORCPT=rfc822;a\tb", "ORCPT=x:y;a", "NOTIFY=NEVER,SUCCESS"):
        assert (await client.say(f"RCPT TO:<{ANNA}> {wrong}"))[:1] == "5"


async def test_no_other_address_is_a_bounce_address(office: Office) -> None:
    client = await stranger(office)
    await client.say("MAIL FROM:<>")
    for local in ("bounce", "bounce+", "bounce+x", f"bounce+{'a' * 32}", f"bounce+{'a' * 32}+anna", "bounce+../x"):
        assert (await client.say(f"RCPT TO:<{local}@example.test>"))[:3] in ("550", "553"), local


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_commits_and_a_cancellation_at_once_have_one_outcome(office: Office, order: tuple[int, ...]) -> None:
    """Two connections with the same manifest, and the command line."""
    text = f"From: {OUTSIDE}\r\nMessage-ID: <1@e.test>\r\nPostex-Document: batch=nov\r\n\r\nx\r\n".encode()
    clients = [await Client.connect(office, "smtps") for _ in range(2)]
    for client in clients:
        await client.sign_in(office.erp)
    assert (await clients[0].hand_in(text, OUTSIDE, ANNA, BRAM)).startswith("250 ")
    lines = f"From: {OUTSIDE}\r\nSubject: nov\r\n\r\ncount,2\r\n<1@e.test>,{ANNA}\r\n<1@e.test>,{BRAM}\r\n"
    batch = office.store.read_now(batches.named, office.erp.account.id, "nov")

    async def cancel() -> str:
        try:
            await office.store.write(batches.cancel, batch.id, NOW, "operator")
        except Conflict:
            return "409"
        await releasing.settle(office.store, Places(), batch.id, NOW)
        return "200"

    acts = [*(client.hand_in(lines.encode(), OUTSIDE, "batch@example.test") for client in clients), cancel()]
    answers = await asyncio.gather(*(acts[at] for at in order))
    said = {at: answer[:3] for at, answer in zip(order, answers, strict=True)}
    state = office.store.read_now(batches.get, batch.id).state
    had = [len(await office.messages(person)) for person in (office.anna, office.bram)]
    if state is BatchState.COMMITTED:
        assert (said, had) == ({0: "250", 1: "250", 2: "409"}, [1, 1])
    else:
        assert (state, said, had) == (BatchState.CANCELLED, {0: "550", 1: "550", 2: "200"}, [0, 0])
