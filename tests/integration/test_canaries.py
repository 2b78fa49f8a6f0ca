"""Planted canaries: nothing that a document says, nor who it is for, lies in clear in any file or log (S19).

Checked while the bridge runs (write-ahead log included) and after it has stopped; a control shows that the
search finds.
"""

import base64
import contextlib
import imaplib
import smtplib
from email.message import EmailMessage
from pathlib import Path

from sqlmodel import Session

from storage.choices import preferences
from storage.deliveries import external_mailboxes
from storage.deliveries.external_mailboxes import Place
from storage.deliveries.terms import Channel, Choice, Preference
from storage.engine import statements
from storage.keys.outbox import OutboxKey
from storage.people import accounts, notice_urls
from tests import stores
from tests.running import DOMAIN, SENDER_ADDRESS, Bridge, PostOffice

SUBJECT = "Kanariegele zwaluwstaart"
WORDS = "ombuigzame parelduiker"
FILENAME = "sperwerveer-2026.pdf"
FOLDER = "Roodborstjes"
ATTACHED = b"%PDF-1.4 wielewaal nachtegaal boomklever" * 30
RECIPIENT = "goudhaantje"
CONTACT = "kruisbek@elders.test"
STREET = "Appelvinklaan 12"
PLACE = Place("imap.elders.test", 993, "putter", "Sijsjes", "NL")
NOTICE_URL = "ntfys://bonte-kraai.test/wulp"
PASSWORD = "vuurgoudhaan-kwikstaart"
CANARIES = (
    *(text.encode() for text in (SUBJECT, WORDS, FILENAME, FOLDER, RECIPIENT, SENDER_ADDRESS, "energie.test")),
    SUBJECT.encode("utf-16-le"),
    b"wielewaal nachtegaal",
    base64.b64encode(ATTACHED)[:48],
    *(text.encode() for text in (CONTACT, STREET, PLACE.host, PASSWORD, NOTICE_URL)),
)


def letter() -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = SENDER_ADDRESS, f"{RECIPIENT}@{DOMAIN}"
    message["Subject"], message["Message-ID"] = SUBJECT, "<kanarie@energie.test>"
    message.set_content(f"Over {WORDS}.")
    message.add_attachment(ATTACHED, maintype="application", subtype="pdf", filename=FILENAME)
    return message.as_bytes()


def found(folder: Path) -> dict[str, list[bytes]]:
    """Canaries by file, over every file below the folder."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hits = {str(path): [canary for canary in CANARIES if canary in content] for path, content in files.items()}
    return {path: canaries for path, canaries in hits.items() if canaries}


def live_with(bridge: Bridge, office: PostOffice) -> None:
    """Hand in small and large, read, search, file and append, and get some commands wrong."""
    smtp = bridge.listeners["smtp-plain"]
    with smtplib.SMTP(smtp.host, smtp.port) as sender:
        sender.login(office.sender.username, office.sender.password)
        sender.sendmail(SENDER_ADDRESS, [f"{RECIPIENT}@{DOMAIN}"], letter())
        large = letter().replace(b"<kanarie", b"<large") + (WORDS.encode() + b"\r\n") * 20_000
        sender.sendmail(SENDER_ADDRESS, [f"{RECIPIENT}@{DOMAIN}"], large)
        sender.docmd(f"MAIL FROM:<{WORDS}")
        sender.docmd("RCPT", f"TO:<{RECIPIENT}-{FOLDER}@{DOMAIN}>")
    imap, login = bridge.listeners["imap-plain"], office.recipients[RECIPIENT]
    with imaplib.IMAP4(imap.host, imap.port) as reader:
        reader.login(login.username, login.password)
        reader.create(FOLDER)
        reader.select("INBOX")
        assert reader.search(None, "TEXT", f'"{WORDS}"')[1] == [b"1 2"]
        reader.fetch("1:*", "(ENVELOPE BODYSTRUCTURE BODY[])")
        reader.copy("1", FOLDER)
        reader.append(FOLDER, "", None, letter())
        reader.select(FOLDER)
        with contextlib.suppress(imaplib.IMAP4.error):
            reader.xatom("FETCH", f'"{SUBJECT}"')


def furnish(session: Session, outbox_public: bytes) -> None:
    """On paper, which no printer takes yet; with all that other roads need."""
    account = accounts.by_email(session, f"{RECIPIENT}@{DOMAIN}")
    reach = "UPDATE account SET contact_email = ?, contact_email_verified_at = 1, postal_address = ? WHERE id = ?"
    statements.run(session, reach, (CONTACT, f"{STREET}\n1012 JS Amsterdam\nNL", account.id))
    external_mailboxes.put(session, outbox_public, account.id, PLACE, PASSWORD, 1, "test")
    notice_urls.put(session, account.id, outbox_public, NOTICE_URL, "ntfys", 1, actor="test")
    preferences.put(session, Preference(Choice(channel=Channel.PAPER), account_id=account.id), 1)


def test_nothing_lies_in_clear_of_what_waits_to_leave(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", recipients=(RECIPIENT,))
    with stores.opened(office.data) as store:
        store.write_now(furnish, OutboxKey.of(store.server_keys.outbox).public_key)
    unmounted = str(tmp_path / "unmounted")
    with office.start(POSTEX_PRINTER__FOLDER=unmounted, POSTEX_PRINTER__COUNTRY="NL") as bridge:
        live_with(bridge, office)
        assert found(tmp_path) == {}
        assert bridge.stop() == 0
    with stores.opened(office.data) as store:
        assert store.read_now(statements.rows, "SELECT count(*) > 0 FROM job WHERE kind = 'paper'") == [(1,)]
    assert found(tmp_path) == {}


def test_nothing_lies_in_clear(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", recipients=(RECIPIENT,))
    with office.start() as bridge:
        live_with(bridge, office)
        assert found(tmp_path) == {}
        assert bridge.stop() == 0
    assert found(tmp_path) == {}


def test_the_search_finds_what_lies_in_clear(tmp_path: Path) -> None:
    """The control."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").write_bytes(b"x" + letter())
    assert set(found(tmp_path)[str(tmp_path / "sub" / "file")]) >= {SUBJECT.encode(), FILENAME.encode()}
