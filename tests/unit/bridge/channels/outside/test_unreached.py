"""Reminders that reach nobody: the ladder does not wait for the day of its next step (D3, D14)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.channels import climbing, letters
from bridge.channels.email import bounces
from bridge.channels.marks import Marks
from bridge.channels.outbox import LEAST_ATTEMPTS, PATIENCE
from bridge.routing import places
from storage.deliveries import deliveries
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DAY, Channel, Choice, DeliveryState, Ladder
from tests.outside import Bureau, bureau

REPORT = (
    b"From: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nno\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; x.test\r\n\r\nFinal-Recipient: rfc822; anna@elsewhere.test\r\nAction: failed\r\n"
    b"Status: 5.1.1\r\n\r\n--b--\r\n"
)


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Bureau]:
    """Anna can be reached by e-mail; e-mail may carry documents too."""
    async with bureau(tmp_path) as opened:
        opened.prove()
        update = {"relay": opened.settings.notice_relay}
        opened.settings = opened.settings.model_copy(update=update)
        yield opened


async def reminded(office: Bureau, ladder: str = "3:remind 7:email") -> Delivery:
    """A document whose first reminder is on its way."""
    office.choose(Choice(ladder=Ladder.parse(ladder)))
    delivery = office.arrive()
    office.desk.clock.turn(3 * DAY)
    await climb(office)
    return delivery


async def climb(office: Bureau) -> None:
    await climbing.climb(places.of(office.settings), office.desk.store, office.now)


def now(office: Bureau, delivery: Delivery) -> Delivery:
    return office.desk.store.read_now(deliveries.get, delivery.id)


def inside(office: Bureau) -> int:
    return len(office.rows("SELECT 1 FROM copy WHERE account_id = ?", office.anna.account.id))


async def test_a_reminder_that_is_refused_brings_the_next_step_at_once(office: Bureau) -> None:
    delivery = await reminded(office)
    assert now(office, delivery).ladder_due_at == delivery.decided_at + 7 * DAY
    office.relay.refusals["RCPT"] = "550 5.1.1 no such user"
    before = inside(office)
    await office.after(1)
    assert now(office, delivery).ladder_due_at == office.now
    assert inside(office) == before + 1  # it is reminded of in the mailbox instead
    await climb(office)
    assert (now(office, delivery).state, now(office, delivery).ladder_step) == (DeliveryState.LEAVING, 2)
    assert office.transcript()[-5:] == [
        "ladder.remind 1",
        "notice.failed reminder email 5.1.1",
        "ladder.unreached 1",
        "notice.bounced 5.1.1",
        "ladder.email 2",
    ]


async def test_one_that_nobody_takes_for_days_does_too(office: Bureau) -> None:
    delivery = await reminded(office, "3:remind 20:email")
    office.relay.refusals["MAIL"] = "451 4.3.0 not now"
    for _ in range(LEAST_ATTEMPTS):
        await office.after(PATIENCE / (LEAST_ATTEMPTS - 1))
    assert office.transcript()[-2:] == ["notice.failed 4.3.0", "ladder.unreached 1"]
    assert now(office, delivery).ladder_due_at == office.now


async def test_one_that_comes_back_days_later_does_too_and_once(office: Bureau) -> None:
    delivery = await reminded(office)
    await office.after(1)
    other = office.arrive()  # another document, not reminded of yet
    store = office.desk.store
    mark = Marks(store.server_keys.message_tag, office.settings.hostname).of_bounce_address(office.relay.taken[0][0])
    assert mark is not None
    office.desk.clock.turn(DAY)
    before = inside(office)
    for _ in range(3):
        await bounces.take(store, mark, REPORT, office.now)
    assert now(office, delivery).ladder_due_at == office.now
    assert now(office, other).ladder_due_at == other.ladder_due_at
    assert inside(office) == before + 1
    assert office.transcript().count("ladder.unreached 1") == 1
    assert office.transcript().count("notice.bounced 5.1.1") == 1


async def test_one_that_a_person_cancels_does_too(office: Bureau) -> None:
    delivery = await reminded(office)
    ((job,),) = office.rows("SELECT id FROM job WHERE kind = 'notice'")
    office.desk.store.write_now(letters.cancel, job, office.now, "test")
    assert now(office, delivery).ladder_due_at == office.now


async def test_a_next_step_that_only_reminds_keeps_its_day(office: Bureau) -> None:
    """The address may be put right by then; the same way would fail again now."""
    delivery = await reminded(office, "3:remind 5:remind 7:email")
    office.relay.refusals["RCPT"] = "550 5.1.1 no such user"
    await office.after(1)
    assert now(office, delivery).ladder_due_at == delivery.decided_at + 5 * DAY
    assert "ladder.unreached 1" in office.transcript()


async def test_the_last_step_leaves_it_in_the_mailbox_with_a_reminder_there(office: Bureau) -> None:
    delivery = await reminded(office, "3:remind")
    office.relay.refusals["RCPT"] = "550 5.1.1 no such user"
    before = inside(office)
    await office.after(1)
    assert inside(office) == before + 1
    assert (now(office, delivery).state, now(office, delivery).ladder_due_at) == (DeliveryState.DELIVERED, None)


@pytest.mark.parametrize("comes", ["opened", "further"])
async def test_one_that_fails_when_it_is_over_changes_nothing(office: Bureau, comes: str) -> None:
    delivery = await reminded(office)
    await office.after(1)
    store = office.desk.store
    if comes == "opened":
        assert delivery.document_id is not None
        store.write_now(deliveries.opened, office.anna.account.id, [delivery.document_id], office.now)
    else:
        office.desk.clock.turn(4 * DAY)
        await climb(office)
    before = (now(office, delivery), inside(office))
    mark = Marks(store.server_keys.message_tag, office.settings.hostname).of_bounce_address(office.relay.taken[0][0])
    assert mark is not None
    await bounces.take(store, mark, REPORT, office.now)
    assert (now(office, delivery), inside(office)) == before
    assert now(office, delivery).channel is Channel.MAILBOX
