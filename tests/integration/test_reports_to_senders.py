"""What a sender gets to know, in its own mailbox: delivery status (RFC 3461, 3464), read receipts (RFC 8098; D9)."""

import email
import email.policy
from collections.abc import AsyncIterator
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.channels import delays, disposition, handoff
from bridge.mail.status_wishes import Wish
from bridge.notices import reports as words_of
from bridge.notices.reports import Event
from storage.choices import changes, correspondents, preferences
from storage.deliveries import deliveries, disclosures, jobs
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import Channel, Choice, JobKind, NewJob, Preference, Road
from storage.engine import statements
from storage.mail import documents
from storage.people import accounts
from tests.smtp_office import NOW, OUTSIDE, Client, Office, Person, running

ANNA, BRAM = "anna@example.test", "bram@example.test"
MESSAGE = b"From: facturen@energie.test\r\nSubject: Factuur\r\nMessage-ID: <1@energie.test>\r\n\r\nHallo\r\n"
ASKING = b"Disposition-Notification-To: facturen@energie.test\r\n" + MESSAGE
TO_PAPER = Choice(channel=Channel.PAPER)


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with running(tmp_path) as opened:
        yield opened


async def hand_in(office: Office, message: bytes, *recipients: str, mail: str = "", sender: str = OUTSIDE) -> str:
    """`recipients` with their parameters: `anna@example.test NOTIFY=SUCCESS`."""
    client = await Client.connect(office, "smtp-plain")
    await client.sign_in(office.erp)
    assert (await client.say(f"MAIL FROM:<{sender}> {mail}".rstrip())).startswith("250 ")
    for recipient in recipients:
        address, _, parameters = recipient.partition(" ")
        assert (await client.say(f"RCPT TO:<{address}> {parameters}".rstrip())).startswith("250 ")
    await client.say("DATA")
    client.send(message + b".\r\n")
    reply = await client.reply()
    await client.close()
    return reply


async def reports(office: Office) -> list[EmailMessage]:
    made = []
    for each in await office.messages(office.erp):
        message = email.message_from_bytes(each, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        assert not message.defects
        made.append(message)
    return made


def groups(report: EmailMessage) -> list[dict[str, str]]:
    payload = list(report.iter_parts())[1].get_payload()
    assert isinstance(payload, list)
    return [dict(group.items()) for group in payload if isinstance(group, EmailMessage)]


def choose(office: Office, person: Person, choice: Choice) -> None:
    office.store.write_now(preferences.put, Preference(choice, account_id=person.account.id), NOW)


def delivery_of(office: Office, person: Person, reply: str) -> Delivery:
    return office.store.read_now(deliveries.of_document, person.account.id, reply.rpartition(" ")[2])


def read_by(office: Office, person: Person, delivery: Delivery) -> None:
    assert delivery.document_id is not None
    office.store.write_now(deliveries.opened, person.account.id, [delivery.document_id], NOW + 60)


async def test_success_is_told_where_it_was_asked_for_in_one_report(office: Office) -> None:
    reply = await hand_in(
        office,
        MESSAGE,
        f"{ANNA} NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@x.test",
        f"{BRAM} NOTIFY=SUCCESS",
        mail="RET=FULL ENVID=QQ+2B1",
    )
    (report,) = await reports(office)
    about, anna, bram = groups(report)
    assert about["Original-Envelope-Id"] == "QQ+1"
    assert (anna["Action"], anna["Status"], anna["Original-Recipient"]) == (
        "delivered",
        "2.0.0",
        "rfc822; a+b@x.test",
    )
    assert bram["Final-Recipient"] == f"rfc822; {BRAM}"
    text, _, header = report.iter_parts()
    assert reply.rpartition(" ")[2] in text.get_content()
    assert header.get_content_type() == "text/rfc822-headers", "no failure: the header alone (section 4.3)"
    assert (report["In-Reply-To"], report["Return-Path"]) == ("<1@energie.test>", None)


async def test_nothing_is_told_that_was_not_asked_for(office: Office) -> None:
    await hand_in(office, MESSAGE, ANNA, f"{BRAM} NOTIFY=NEVER")
    await hand_in(office, MESSAGE.replace(b"<1@", b"<2@"), f"{ANNA} NOTIFY=SUCCESS", sender="")
    again = MESSAGE.replace(b"<1@", b"<3@")
    first = await hand_in(office, again, f"{ANNA} NOTIFY=SUCCESS")
    assert await hand_in(office, again, f"{ANNA} NOTIFY=SUCCESS") == first
    assert len(await reports(office)) == 1, "of the third, once"


@pytest.mark.parametrize("returned", ["HDRS", "FULL"])
async def test_who_refuses_is_told_where_others_take_it(office: Office, returned: str) -> None:
    choose(office, office.bram, Choice(channel=Channel.REFUSE))
    reply = await hand_in(office, MESSAGE, ANNA, "bram+facturen@example.test", mail=f"RET={returned}")
    assert reply.startswith("250 ")
    (report,) = await reports(office)
    _, bram = groups(report)
    assert (bram["Action"], bram["Status"]) == ("failed", "5.7.1")
    assert bram["Final-Recipient"] == "rfc822; bram+facturen@example.test", "as the sender named it"
    part = list(report.iter_parts())[2]
    assert part.get_content_type() == {"HDRS": "text/rfc822-headers", "FULL": "message/rfc822"}[returned]
    assert "Subject: Factuur" in part.as_string()
    assert ("Hallo" in part.as_string()) is (returned == "FULL")


async def test_when_all_refuse_smtp_says_so_and_no_report_does(office: Office) -> None:
    choose(office, office.anna, Choice(channel=Channel.REFUSE))
    assert (await hand_in(office, MESSAGE, ANNA, mail="RET=FULL")).startswith("550 5.7.1 ")
    assert await reports(office) == []


async def test_outsiders_get_no_report(office: Office) -> None:
    choose(office, office.bram, Choice(channel=Channel.REFUSE))
    client = await Client.connect(office, "mx")
    await client.say("EHLO mx.elsewhere.test")
    await client.say("MAIL FROM:<x@elsewhere.test>")
    await client.say(f"RCPT TO:<{ANNA}> NOTIFY=SUCCESS,FAILURE")
    await client.say(f"RCPT TO:<{BRAM}>")
    await client.say("DATA")
    client.send(MESSAGE + b".\r\n")
    assert (await client.reply()).startswith("250 ")
    await client.close()
    assert await reports(office) == []
    found = office.store.read_now(statements.rows, "SELECT dsn FROM delivery")
    assert found == [(None,), (None,)], "nothing is kept that nobody will be told"


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize(
    ("channel", "action", "words"),
    [(Channel.PAPER, "delivered", "drukker"), (Channel.EMAIL, "relayed", "e-maildienst")],
)
async def test_a_hand_off_is_told_alike_whether_it_was_opened_or_not(
    office: Office, channel: Channel, action: str, words: str, opened: bool
) -> None:
    reply = await hand_in(office, MESSAGE, f"{ANNA} NOTIFY=SUCCESS", mail="ENVID=E1")
    leaving(office, office.anna, channel)
    delivery = delivery_of(office, office.anna, reply)
    before = len(await reports(office))
    if opened:
        read_by(office, office.anna, delivery)
    office.store.write_now(partial(handoff.done, delivery_id=delivery.id, channel=channel), NOW + 100)
    report = (await reports(office))[before:]
    assert len(report) == 1
    about, anna = groups(report[0])
    assert (about["Original-Envelope-Id"], anna["Action"], anna["Status"]) == ("E1", action, "2.0.0")
    assert words in next(report[0].iter_parts()).get_content()
    (row,) = office.store.read_now(disclosures.listing, office.anna.account.id)[0]
    assert (row.what, row.road, row.at) == ("document", channel, NOW + 100)


async def test_what_a_ladder_hands_off_is_not_told(office: Office) -> None:
    """It would say that the document lay unopened."""
    reply = await hand_in(office, MESSAGE, f"{ANNA} NOTIFY=SUCCESS")
    delivery, before = delivery_of(office, office.anna, reply), len(await reports(office))
    office.store.write_now(partial(handoff.done, delivery_id=delivery.id, channel=Channel.PAPER), NOW + 100)
    office.store.write_now(
        partial(handoff.failed, delivery_id=delivery.id, channel=Channel.PAPER, problem="jam"), NOW + 100
    )
    assert len(await reports(office)) == before


async def test_a_channel_that_gave_up_leaves_the_document_delivered(office: Office) -> None:
    reply = await hand_in(office, MESSAGE, f"{ANNA} NOTIFY=SUCCESS")
    leaving(office, office.anna, Channel.EMAIL)
    delivery, before = delivery_of(office, office.anna, reply), len(await reports(office))
    settle = partial(handoff.failed, delivery_id=delivery.id, channel=Channel.EMAIL, problem="no-such-address")
    office.store.write_now(settle, NOW + 100)
    (report,) = (await reports(office))[before:]
    assert groups(report)[1]["Action"] == "delivered"
    assert "no-such-address" not in report.as_string(), (
        "the recipient's address elsewhere is not the sender's to know"
    )


def leaving(office: Office, person: Person, channel: Channel) -> None:
    """As the decision would have it with a relay and a printer at hand."""
    office.store.write_now(
        statements.run,
        "UPDATE delivery SET channel = ?, state = 'leaving' WHERE account_id = ?",
        (channel, person.account.id),
    )


async def test_a_delay_is_told_once_where_it_was_asked_for(office: Office) -> None:
    reply = await hand_in(office, MESSAGE, f"{ANNA} NOTIFY=DELAY", BRAM)
    leaving(office, office.anna, Channel.PAPER)
    leaving(office, office.bram, Channel.PAPER)
    for person in (office.anna, office.bram):
        delivery = delivery_of(office, person, reply)
        office.store.write_now(
            jobs.queue,
            b"\0" * 32,
            NewJob(JobKind.PAPER, "paper", NOW),
            NOW,
            delivery_id=delivery.id,
            prefix=delivery.public_id,
        )
    assert await delays.tell(office.store, NOW + 5 * 3600) == 0, "not tried yet"
    office.store.write_now(statements.run, "UPDATE job SET attempts = 3")
    assert await delays.tell(office.store, NOW + 3 * 3600) == 0
    assert [await delays.tell(office.store, NOW + 4 * 3600) for _ in range(2)] == [1, 0]
    (report,) = await reports(office)
    assert (groups(report)[1]["Action"], groups(report)[1]["Status"]) == ("delayed", "4.4.0")
    settle = partial(handoff.done, delivery_id=delivery_of(office, office.anna, reply).id, channel=Channel.PAPER)
    office.store.write_now(settle, NOW + 9 * 3600)
    assert len(await reports(office)) == 1, "success was not asked for"


# --- read receipts ---


def consent(office: Office, *, yes: bool, at: int = NOW) -> None:
    sender = office.store.write_now(correspondents.note, office.erp.account.id)
    account = office.anna.account.id
    office.store.write_now(
        changes.change,
        account,
        [sender],
        None,
        Choice(receipts=yes),
        road=Road.API,
        actor=f"account:{account}",
        changed_by=account,
        now=at,
    )


async def test_with_consent_the_opening_is_told_once(office: Office) -> None:
    consent(office, yes=True)
    reply = await hand_in(office, ASKING, f"{ANNA} ORCPT=rfc822;a@x.test", BRAM)
    assert await disposition.send(office.store, NOW + 60) == 0, "not opened"
    read_by(office, office.anna, delivery_of(office, office.anna, reply))
    assert [await disposition.send(office.store, NOW + 120) for _ in range(2)] == [1, 0]
    (report,) = await reports(office)
    assert report.get_param("report-type") == "disposition-notification"
    (fields,) = groups(report)
    assert fields == {
        "Reporting-UA": "example.test; Postex",
        "Original-Recipient": "rfc822; a@x.test",
        "Final-Recipient": f"rfc822; {ANNA}",
        "Original-Message-ID": "<1@energie.test>",
        "Disposition": "manual-action/MDN-sent-automatically; displayed",
    }
    (row,) = office.store.read_now(disclosures.listing, office.anna.account.id)[0]
    assert (row.what, row.basis, row.told) == ("opened", "receipts", "erp")


async def test_a_receipt_that_cannot_be_made_holds_up_no_other(office: Office) -> None:
    consent(office, yes=True)
    broken, sound = await hand_in(office, ASKING, ANNA), await hand_in(office, ASKING.replace(b"<1@", b"<2@"), ANNA)
    spoilt = delivery_of(office, office.anna, broken)
    office.store.write_now(statements.run, "UPDATE delivery SET dsn = 'x' WHERE id = ?", (spoilt.id,))
    read_by(office, office.anna, spoilt)
    read_by(office, office.anna, delivery_of(office, office.anna, sound))
    assert await disposition.send(office.store, NOW + 120) == 1


async def test_without_consent_nothing_is_told_and_nothing_of_the_wish_is_kept(office: Office) -> None:
    reply = await hand_in(office, ASKING, ANNA)
    delivery = delivery_of(office, office.anna, reply)
    assert not delivery.wants_mdn
    read_by(office, office.anna, delivery)
    consent(office, yes=True)
    assert await disposition.send(office.store, NOW + 120) == 0
    assert await reports(office) == []


async def test_consent_withdrawn_before_the_opening_or_before_the_telling_holds(office: Office) -> None:
    consent(office, yes=True)
    reply = await hand_in(office, ASKING, ANNA)
    read_by(office, office.anna, delivery_of(office, office.anna, reply))
    consent(office, yes=False, at=NOW + 61)
    assert await disposition.send(office.store, NOW + 120) == 0
    consent(office, yes=True, at=NOW + 130)
    assert await disposition.send(office.store, NOW + 180) == 0, "the wish is gone"
    assert await reports(office) == []


async def test_a_mail_client_of_the_recipient_has_nothing_to_ask(office: Office) -> None:
    """RFC 3503: with the keyword there no client sends a receipt by itself."""
    for message, keywords in ((ASKING, ("$MDNSent",)), (MESSAGE.replace(b"<1@", b"<2@"), ())):
        await hand_in(office, message, ANNA)
        recipient = office.store.read_now(documents.copies_of, _inbox(office, office.anna))
        assert recipient[-1].keywords == keywords


def _inbox(office: Office, person: Person) -> int:
    found = office.store.read_now(accounts.recipient, person.account.email)
    assert found is not None
    return found.inbox_id


def test_every_event_has_words() -> None:
    for event in Event:
        assert words_of.status(Wish("a@b"), event).code
