"""Notices from the hand-in to the relay: what they say, when they go, what becomes of them (D14, S34, S38)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.channels.email import bounces
from bridge.channels.marks import Marks
from bridge.channels.outbox import Outbox
from bridge.mail.facts import HeaderFacts, facts_of
from bridge.routing import decision, orders, places
from bridge.routing.decision import Sender
from bridge.routing.planning import document_of
from storage.choices import preferences
from storage.deliveries import deliveries, jobs, transcript
from storage.deliveries.terms import DAY, Channel, Choice, DocumentType, JobKind, Ladder, NewJob, Notify, Quiet
from storage.keys.outbox import OutboxKey
from tests.outside import CONTACT, Bureau, bureau

AT_ONCE, DAILY = Choice(notify=Notify.AT_ONCE), Choice(notify=Notify.DAILY)
HOUR = 3600


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Bureau]:
    async with bureau(tmp_path) as opened:
        opened.prove()
        yield opened


def jobs_left(office: Bureau) -> int:
    return int(office.rows("SELECT count(*) FROM job WHERE kind = 'notice'")[0][0])


def reasons(office: Bureau) -> str:
    return str(office.rows("SELECT reasons FROM delivery ORDER BY id DESC")[0][0])


async def test_a_notice_says_what_came_and_nothing_of_it(office: Bureau) -> None:
    office.choose(AT_ONCE)
    office.arrive("invoice", message=b"Subject: CANARY\r\nFrom: Bank <b@bank.test>\r\n\r\nCANARY\r\n")
    await office.after(119)
    assert office.relay.taken == []
    await office.after(1)
    ((sender, recipient, raw),) = office.relay.taken
    assert recipient == CONTACT
    assert sender.startswith("bounce+")
    assert sender.endswith("@example.test")
    assert b"CANARY" not in raw
    assert b"bank" not in raw
    mail = office.relay.last
    assert mail["Subject"] == "A document is waiting for you"
    assert mail["Auto-Submitted"] == "auto-generated"  # RFC 3834 section 5
    assert mail["List-Id"] == "Postex <notices.example.test>"
    assert mail["List-Unsubscribe"] is None  # nothing there would take it
    assert "invoice" in office.relay.text()
    assert "erp" not in office.relay.text()
    assert office.transcript() == ["notice.sent at-once email 1"]
    assert jobs_left(office) == 0


async def test_two_post_offices_do_not_tell_each_other_of_their_notices_for_ever(office: Bureau) -> None:
    """The contact address lies at another one, where the contact address is one of here: a notice comes back."""
    office.choose(Choice(notify=Notify.AT_ONCE, ladder=Ladder.parse("3:remind")))
    office.arrive()
    await office.after(120)
    ((_, _, notice),) = office.relay.taken
    assert facts_of(notice).generated
    document = document_of(facts_of(notice), DocumentType.LETTER)
    applying = office.desk.store.read_now(preferences.applying, [office.anna.account.id], None)
    reader = applying[office.anna.account.id]
    sender, where = Sender(None, verified=False), places.of(office.settings)
    decided = decision.decide(reader.reader, reader.preferences, sender, document, where)
    assert (decided.notify, bool(decided.ladder)) == (Notify.NONE, False)


async def test_five_hundred_at_once_are_one_notice(office: Bureau) -> None:
    office.choose(AT_ONCE)
    office.burst(["invoice" if number % 5 else "letter" for number in range(500)], 150)
    await office.after(121)
    await office.after(HOUR)
    (_,) = office.relay.taken
    assert office.relay.last["Subject"] == "500 documents are waiting for you"
    assert "invoice (400), letter (100)" in office.relay.text().replace("\n", " ")
    assert office.transcript() == ["notice.sent at-once email 500"]
    assert jobs_left(office) == 0


async def test_the_language_is_the_one_of_the_moment_it_goes(office: Bureau) -> None:
    """S34."""
    office.choose(AT_ONCE)
    office.arrive()
    office.write("UPDATE account SET locale = 'nl' WHERE id = ?", office.anna.account.id)
    await office.after(120)
    assert office.relay.last["Subject"] == "Er wacht een document op u"
    assert office.relay.last["Content-Language"] == "nl"


async def test_the_senders_domain_is_named_only_with_consent(office: Bureau) -> None:
    office.choose(AT_ONCE)
    sql = "INSERT INTO consent (account_id, purpose, road, granted_at) VALUES (?, 'notice-sender', 'cli', 1)"
    office.write(sql, office.anna.account.id)
    office.arrive()
    await office.after(120)
    assert "From: example.test." in office.relay.text()
    office.write("UPDATE consent SET withdrawn_at = 2")
    office.arrive()
    await office.after(120)
    assert "From:" not in office.relay.text()


async def test_one_daily_notice_for_an_account_and_day(office: Bureau) -> None:
    office.choose(DAILY)
    office.desk.clock.at = 1_760_000_000 - 1_760_000_000 % DAY + 8 * HOUR  # 10:00 in Amsterdam, summer time
    for _ in range(3):
        office.arrive()
        await office.after(HOUR)
    assert office.relay.taken == []
    await office.after(4 * HOUR)
    assert [office.relay.message(at)["Subject"] for at in range(1)] == ["3 documents are waiting for you"]
    office.arrive()
    await office.after(HOUR)
    office.desk.clock.turn(-2 * HOUR)  # the clock is put back before the hour: still one notice that day
    office.arrive()
    await office.after(2 * HOUR)
    assert len(office.relay.taken) == 1
    await office.after(DAY)
    assert len(office.relay.taken) == 2
    assert office.relay.last["Subject"] == "2 documents are waiting for you"
    days = [line.split()[2] for line in office.transcript()]
    assert len(set(days)) == 2


async def test_quiet_hours_hold_for_a_notice_that_could_not_go_earlier(office: Bureau) -> None:
    office.choose(Choice(notify=Notify.AT_ONCE, quiet=Quiet.parse("22:00-07:00")))
    office.desk.clock.at = 1_760_000_000 - 1_760_000_000 % DAY + 19 * HOUR + 50 * 60  # 21:50
    office.relay.refusals["MAIL"] = "451 4.3.0 not now"
    office.arrive()
    await office.after(120)
    office.relay.refusals.clear()
    await office.after(2 * HOUR)
    assert office.relay.taken == []
    await office.after(7 * HOUR + 10 * 60)
    assert len(office.relay.taken) == 1


async def test_what_was_opened_meanwhile_is_not_told(office: Bureau) -> None:
    office.choose(AT_ONCE)
    delivery = office.arrive()
    assert delivery.document_id is not None
    office.desk.store.write_now(deliveries.opened, office.anna.account.id, [delivery.document_id], office.now)
    await office.after(120)
    assert office.relay.taken == []
    assert jobs_left(office) == 0


async def test_a_relay_that_is_away_is_tried_again_with_the_same_message_id(office: Bureau) -> None:
    """RFC 5321 section 6.1: rather twice than never, and known as the same."""
    office.choose(AT_ONCE)
    office.arrive()
    office.relay.refusals["DOT"] = "451 4.3.0 not now"
    await office.after(120)
    assert office.relay.taken == []
    office.relay.refusals.clear()
    await office.after(HOUR)
    first = office.relay.last["Message-ID"]
    assert len(office.relay.taken) == 1
    office.arrive()
    await office.after(HOUR)
    assert office.relay.last["Message-ID"] != first
    assert office.relay.last["Subject"] == "A document is waiting for you"


async def test_a_bridge_that_ends_behind_the_final_dot_sends_the_same_again(
    office: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot know whether the relay took it; the same Message-ID lets the other side know."""
    office.choose(AT_ONCE)
    office.arrive()

    async def killed(self: Outbox, *_: object) -> None:
        return

    with monkeypatch.context() as patched:
        patched.setattr(Outbox, "_settled", killed)
        await office.after(120)
    await office.after(1)
    assert office.relay.text(0) == office.relay.text(1)
    assert office.relay.message(0)["Message-ID"] == office.relay.message(1)["Message-ID"]
    await office.after(DAY)
    assert len(office.relay.taken) == 2
    assert office.transcript() == ["notice.sent at-once email 1"]


async def test_an_address_that_refuses_three_times_is_no_channel_any_more(office: Bureau) -> None:
    """S11, D14: the transcript says so, the mailbox tells, and the decision knows."""
    office.choose(AT_ONCE)
    office.relay.refusals["RCPT"] = "550 5.1.1 no such user"
    before = len(office.rows("SELECT 1 FROM copy WHERE account_id = ?", office.anna.account.id))
    for _ in range(3):
        office.arrive()
        await office.after(2 * HOUR)
    assert office.transcript() == [
        *(["notice.failed at-once email 5.1.1", "notice.bounced 5.1.1"] * 3),
        "contact.unverified",
    ]
    after = len(office.rows("SELECT 1 FROM copy WHERE account_id = ?", office.anna.account.id))
    assert after == before + 3 + 1
    office.arrive()
    assert "no-notice-address" in reasons(office)
    office.relay.refusals.clear()
    await office.after(DAY)
    assert office.relay.taken == []


async def test_bounces_that_come_back_later_count_too(office: Bureau) -> None:
    office.choose(AT_ONCE)
    office.arrive()
    await office.after(120)
    store = office.desk.store
    marks = Marks(store.server_keys.message_tag, office.settings.hostname)
    mark = marks.of_bounce_address(office.relay.taken[0][0])
    assert mark is not None
    report = (
        b"From: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nno\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; x.test\r\n\r\nFinal-Recipient: rfc822; anna@elsewhere.test\r\nAction: failed\r\n"
        b"Status: 5.1.1\r\n\r\n--b--\r\n"
    )
    for _ in range(3):
        for _ in range(5):  # several reports about one message are one
            await bounces.take(store, mark, report, office.now)
        office.desk.clock.turn(2 * HOUR)
    assert office.transcript().count("notice.bounced 5.1.1") == 3
    assert office.transcript()[-1] == "contact.unverified"


@pytest.mark.parametrize(("proved", "code"), [(False, "no-notice-address"), (True, "no-notice-relay")])
async def test_who_cannot_be_told_has_no_job_and_a_reason(tmp_path: Path, proved: bool, code: str) -> None:
    async with bureau(tmp_path, with_relay=False) as office:
        if proved:
            office.prove()
        office.choose(AT_ONCE)
        office.arrive()
        assert code in reasons(office)
        assert jobs_left(office) == 0


async def test_a_document_that_may_not_leave_europe_becomes_a_notice(office: Bureau) -> None:
    """S39."""
    section = office.settings.notice_relay.model_copy(update={"country": "US"})
    office.settings = office.settings.model_copy(update={"relay": section})
    office.choose(Choice(channel=Channel.EMAIL))
    office.arrive()
    assert '"tells-why"' in reasons(office)
    await office.after(120)
    assert office.relay.last["Subject"] == "A document is waiting for you"


async def test_a_reminder_of_the_ladder(office: Bureau) -> None:
    delivery = office.arrive("payslip")
    public = OutboxKey.of(office.desk.store.server_keys.outbox).public_key
    for payload in (orders.reminder(), None):
        job = NewJob(JobKind.NOTICE, f"ladder:1:{payload is None}", office.now, payload)
        office.desk.store.write_now(
            jobs.queue, public, job, office.now, account_id=office.anna.account.id, delivery_id=delivery.id
        )
    await office.after(1)
    await office.after(1)
    assert [office.relay.message(at)["Subject"] for at in (0, 1)] == ["A document is still waiting for you"] * 2
    assert "payslip" in office.relay.text()
    assert office.transcript() == ["notice.sent reminder email 1"] * 2
    line = office.desk.store.read_now(transcript.of_delivery, delivery.id)[0]
    assert (line.kind, line.channel) == ("notice.sent", Channel.EMAIL)


async def test_held_documents_are_told_of_once_they_are_there(office: Bureau) -> None:
    office.choose(AT_ONCE)
    delivery = office.arrive()
    office.write("UPDATE delivery SET state = 'held' WHERE id = ?", delivery.id)
    await office.after(120)
    assert office.relay.taken == []
    office.write("UPDATE delivery SET state = 'delivered' WHERE id = ?", delivery.id)
    office.arrive(facts=HeaderFacts(document_type="letter"))
    await office.after(120)
    assert office.relay.last["Subject"] == "2 documents are waiting for you"


async def test_an_unnamed_order_is_a_dead_letter(office: Bureau) -> None:
    public = OutboxKey.of(office.desk.store.server_keys.outbox).public_key
    job = NewJob(JobKind.NOTICE, "x", office.now, b"{}", of_account=True)
    office.desk.store.write_now(jobs.queue, public, job, office.now, account_id=office.anna.account.id)
    await office.after(1)
    assert office.relay.taken == []
