"""D2 by the folders under Delivery: what is moved or copied there chooses for its sender, and is where it was."""

import email
import email.policy
import imaplib
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.choices import preferences
from storage.deliveries.terms import Channel
from storage.people import accounts
from tests.running import DOMAIN, SENDER_ADDRESS, Bridge, PostOffice, opened

PAPER, MAILBOX, REFUSE = "Bezorging/Papier", "Bezorging/Postvak", "Bezorging/Weigeren"


@pytest.fixture
def office(tmp_path: Path) -> PostOffice:
    return PostOffice.create(tmp_path / "data")


@pytest.fixture
def bridge(office: PostOffice) -> Iterator[Bridge]:
    with office.start() as running:
        yield running
        assert running.stop() == 0, running.log.read_text()


def hand_in(office: PostOffice, bridge: Bridge, *numbers: int, to: str = "anna") -> None:
    smtps = bridge.listeners["smtps"]
    context = ssl.create_default_context(cafile=str(office.data / "tls" / "cert.pem"))
    with smtplib.SMTP_SSL(smtps.host, smtps.port, context=context) as client:
        client.login(office.sender.username, office.sender.password)
        for number in numbers:
            text = f"From: {SENDER_ADDRESS}\r\nMessage-ID: <{number}@energie.test>\r\nSubject: {number}\r\n\r\nhi\r\n"
            client.sendmail(SENDER_ADDRESS, [f"{to}@{DOMAIN}"], text)


@pytest.fixture
def client(office: PostOffice, bridge: Bridge) -> Iterator[imaplib.IMAP4_SSL]:
    imaps = bridge.listeners["imaps"]
    context = ssl.create_default_context(cafile=str(office.data / "tls" / "cert.pem"))
    with imaplib.IMAP4_SSL(imaps.host, imaps.port, ssl_context=context) as signed_in:
        signed_in.login(office.recipients["anna"].username, office.recipients["anna"].password)
        yield signed_in


def subjects(client: imaplib.IMAP4_SSL, folder: str = "INBOX") -> dict[str, int]:
    """Subject → UID."""
    client.select(f'"{folder}"')
    found = {}
    for uid in client.uid("SEARCH", "ALL")[1][0].split():
        data = client.uid("FETCH", uid, "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1][0]
        assert isinstance(data, tuple)
        parsed = email.message_from_bytes(data[1], policy=email.policy.default)
        found[str(parsed["Subject"])] = int(uid)
    return found


def text_of(client: imaplib.IMAP4_SSL, uid: int) -> str:
    data = client.uid("FETCH", str(uid), "(BODY.PEEK[])")[1][0]
    assert isinstance(data, tuple)
    parsed = email.message_from_bytes(data[1], policy=email.policy.default)
    return parsed.as_string() + parsed.get_content()


def chosen(office: PostOffice, bridge: Bridge) -> dict[Channel | None, int]:
    """Channels chosen for senders, after the bridge has stopped."""
    assert bridge.stop() == 0
    with opened(office.data) as store:
        account = store.read_now(accounts.by_email, f"anna@{DOMAIN}")
        found = store.read_now(preferences.of_account, account.id)
    return {each.choice.channel: 1 for each in found}


CHANGED = "Gewijzigd: hoe documenten bij u komen"


def test_a_move_changes_the_preference_and_the_message_is_where_it_was(
    office: PostOffice, bridge: Bridge, client: imaplib.IMAP4_SSL
) -> None:
    hand_in(office, bridge, 1, 2)
    before = subjects(client)
    status, _ = client.uid("MOVE", str(before["1"]), f'"{REFUSE}"')
    assert status == "OK"
    after = subjects(client)
    assert after["1"] > before["2"]
    assert after["2"] == before["2"]
    assert "Energie BV" in text_of(client, after[CHANGED])
    assert client.status(f'"{REFUSE}"', "(MESSAGES UIDNEXT)")[1][0].endswith(b"(MESSAGES 0 UIDNEXT 2)")
    with pytest.raises(smtplib.SMTPException):
        hand_in(office, bridge, 3)
    status, _ = client.uid("MOVE", str(after["2"]), f'"{MAILBOX}"')
    hand_in(office, bridge, 4)
    assert "4" in subjects(client)
