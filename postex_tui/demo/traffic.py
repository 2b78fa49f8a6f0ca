"""Handing in as an ERP does (smtplib), and reading as a mail client does (aioimaplib), over verified TLS."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from aioimaplib import aioimaplib

from postex_tui.demo import DemoFailed
from postex_tui.demo.documents import Document
from postex_tui.demo.office import Bridge, Person

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class HandIn:
    """One document on its way: what was sent, to whom."""

    sender: Person
    recipients: tuple[Person, ...]
    subject: str
    document: Document
    sent: bytes
    """The message as handed in, lines ended by CRLF."""

    @property
    def message_id(self) -> str:
        return str(message_from_bytes(self.sent)["Message-ID"])


def compose(sender: Person, recipients: Sequence[Person], subject: str, words: str, document: Document) -> HandIn:
    """A message as an ERP makes it: a few words and the PDF."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"{sender.name} <{sender.address}>"
    message["To"] = ", ".join(f"{each.name} <{each.address}>" for each in recipients)
    message["Subject"] = subject
    message["Date"] = "Mon, 02 Mar 2026 09:00:00 +0100"
    message["Message-ID"] = f"<{abs(hash((subject, document.file_name))):x}@{sender.address.partition('@')[2]}>"
    message.set_content(words)
    message.add_attachment(document.content, maintype="application", subtype="pdf", filename=document.file_name)
    return HandIn(sender, tuple(recipients), subject, document, message.as_bytes())


def hand_in(bridge: Bridge, each: HandIn, implicit_tls: bool) -> str:
    """Send over 465 or over STARTTLS on 587; the server's last words. Raises `DemoFailed`."""
    host, port = bridge.place("smtps" if implicit_tls else "submission")
    try:
        if implicit_tls:
            client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=bridge.trust)
        else:
            client = smtplib.SMTP(host, port, timeout=SECONDS)
            client.starttls(context=bridge.trust)
        with client:
            client.login(each.sender.username, each.sender.password)
            client.mail(each.sender.address)
            for recipient in each.recipients:
                _expect(client.rcpt(recipient.address), 250, f"RCPT TO {recipient.address}")
            return _expect(client.data(each.sent), 250, f"the document “{each.subject}”")
    except (smtplib.SMTPException, OSError) as error:
        raise DemoFailed(f"handing in “{each.subject}”: {error}") from error


def _expect(answer: tuple[int, bytes], code: int, what: str) -> str:
    text = answer[1].decode("utf-8", "replace")
    if answer[0] != code:
        raise DemoFailed(f"{what} was answered {answer[0]} {text}")
    return text


def read_back(bridge: Bridge, reader: Person) -> list[bytes]:
    """All messages of the reader's INBOX, whole."""
    return asyncio.run(asyncio.wait_for(_read_back(bridge, reader), SECONDS))


async def _read_back(bridge: Bridge, reader: Person) -> list[bytes]:
    async with session(bridge, reader) as client:
        answer = ok(await client.fetch("1:*", "(BODY.PEEK[])"), "FETCH")
    # aioimaplib gives what came as a literal as bytearray, and lines as bytes.
    return [bytes(line) for line in answer.lines if isinstance(line, bytearray)]


@asynccontextmanager
async def session(bridge: Bridge, reader: Person) -> AsyncIterator[aioimaplib.IMAP4_SSL]:
    """Signed in by the device password, with INBOX selected."""
    host, port = bridge.place("imaps")
    client = aioimaplib.IMAP4_SSL(host, port, timeout=SECONDS, ssl_context=bridge.trust)
    await client.wait_hello_from_server()
    ok(await client.login(reader.username, reader.password), f"LOGIN of {reader.username}")
    ok(await client.select("INBOX"), "SELECT INBOX")
    yield client
    await client.logout()
    client.protocol.transport.abort()  # aioimaplib leaves it open, and the bridge would wait for it when it drains


def ok(answer: aioimaplib.Response, what: str) -> aioimaplib.Response:
    if answer.result != "OK":
        raise DemoFailed(f"{what} was answered {answer.result}")
    return answer


def is_notice(message: bytes) -> bool:
    """Whether the post office itself wrote it (RFC 3834)."""
    return b"\r\nAuto-Submitted: auto-generated\r\n" in message.partition(b"\r\n\r\n")[0] + b"\r\n"


def subject(message: bytes) -> str:
    return str(message_from_bytes(message, policy=SMTP)["Subject"])


OURS = frozenset({"Received", "Authentication-Results", "List-Id", "List-Unsubscribe"})
"""What the bridge writes above a message."""


def check_same(each: HandIn, reader: Person, messages: Sequence[bytes]) -> None:
    """The message is there, byte for byte after our trace header, and so is its PDF. Raises `DemoFailed`."""
    found = [message for message in messages if message.endswith(each.sent)]
    if len(found) != 1:
        raise DemoFailed(f"{reader.address} has {len(found)} messages that equal “{each.subject}” byte for byte")
    trace = found[0].removesuffix(each.sent)
    if not set(message_from_bytes(trace).keys()) <= OURS or b"\r\n\r\n" in trace:
        raise DemoFailed(f"before “{each.subject}” stands more than a trace header")
    attached = [part.get_payload(decode=True) for part in message_from_bytes(found[0]).walk() if part.get_filename()]
    if attached != [each.document.content]:
        raise DemoFailed(f"the PDF of “{each.subject}” came back changed")
