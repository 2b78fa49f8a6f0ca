"""A post office for tests of choices made in mail programs: readers who may write too, and senders with names."""

import email
import email.policy
import imaplib
import smtplib
import ssl
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from bridge.newcomers import SCOPES
from storage.access import devices
from storage.database import Store
from storage.people import accounts, domains, senders
from storage.people.accounts import AccountDraft
from storage.records import AccountState, Role
from tests import stores
from tests.running import DOMAIN, Bridge, Login, PostOffice

CHANGED = "Gewijzigd: hoe documenten bij u komen"


def uid(client: imaplib.IMAP4_SSL, number: int) -> bytes:
    """The whole message."""
    data = client.uid("FETCH", str(number), "(BODY.PEEK[])")[1][0]
    assert isinstance(data, tuple)
    return bytes(data[1])


@dataclass
class Choosers:
    """The office as one reader meets it, with the bridge once it runs."""

    office: PostOffice
    senders: list[Login]
    name: str = "reader0"
    bridge: Bridge = field(init=False)

    @classmethod
    def made(cls, data: Path, readers: int, senders: int, invited: bool = False) -> "Choosers":
        """Senders write as `sender0@energie0.test`, and so on; the readers' devices may read and hand in."""
        office = PostOffice.create(data, recipients=())
        with stores.opened(data) as store:
            made = [_account(store, f"sender{number}", Role.SENDER) for number in range(senders)]
            state = AccountState.INVITED if invited else AccountState.REGISTERED
            found = {
                f"reader{number}": _account(store, f"reader{number}", Role.RECIPIENT, state)
                for number in range(readers)
            }
        office.recipients.update(found)
        return cls(office, made)

    def of(self, name: str) -> "Choosers":
        """For another reader."""
        other = Choosers(self.office, self.senders, name)
        other.bridge = self.bridge
        return other

    @property
    def login(self) -> Login:
        return self.office.recipients[self.name]

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.office.data / "tls" / "cert.pem"))

    def imap(self) -> imaplib.IMAP4_SSL:
        at = self.bridge.listeners["imaps"]
        client = imaplib.IMAP4_SSL(at.host, at.port, ssl_context=self.context())
        client.login(self.login.username, self.login.password)
        return client

    def smtp(self, login: Login) -> smtplib.SMTP_SSL:
        at = self.bridge.listeners["smtps"]
        client = smtplib.SMTP_SSL(at.host, at.port, context=self.context())
        client.login(login.username, login.password)
        return client

    def hand_in(self, *subjects: str, sender: int = 0) -> None:
        address = f"sender{sender}@energie{sender}.test"
        with self.smtp(self.senders[sender]) as client:
            for subject in subjects:
                head = f"From: {address}\r\nMessage-ID: <{sender}.{subject.replace(' ', '.')}@energie.test>\r\n"
                text = f"{head}Subject: {subject}\r\n\r\nbody of {sender} {subject}\r\n"
                client.sendmail(address, [f"{self.name}@{DOMAIN}"], text)

    def submit(self, to: str, text: str, **fields: str) -> smtplib.SMTPResponseException | None:
        """From the reader; the refusal, if it is one."""
        message = EmailMessage(policy=email.policy.SMTP)
        message["From"], message["To"] = f"{self.name}@{DOMAIN}", to
        message["Message-ID"] = f"<{time.monotonic_ns()}@reader.test>"
        for name, value in fields.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        return self.submit_bytes(to, message.as_bytes())

    def submit_bytes(self, to: str, message: bytes) -> smtplib.SMTPResponseException | None:
        with self.smtp(self.login) as client:
            try:
                client.sendmail(f"{self.name}@{DOMAIN}", [to], message)
            except smtplib.SMTPRecipientsRefused as refused:
                return smtplib.SMTPResponseException(*refused.recipients[to])
            except smtplib.SMTPResponseException as error:
                return error
        return None

    def is_refused(self, sender: int = 0) -> bool:
        """Whether the sender's next document is."""
        try:
            self.hand_in(f"later {time.monotonic_ns()}", sender=sender)
        except smtplib.SMTPDataError as error:
            if error.smtp_code != 550:
                raise
            return True
        return False

    def answer(self, client: imaplib.IMAP4_SSL, number: int, text: str) -> None:
        """A reply to a message, with all of it quoted as programs do."""
        parsed = email.message_from_bytes(uid(client, number), policy=email.policy.default)
        quoted = "\n".join(f"> {line}" for line in parsed.get_content().splitlines())
        written = f"{text}\n\nOn Mon, 5 Oct 2026 at 10:00, {parsed['From']} wrote:\n{quoted}\n\n-- \nAnna\n"
        fields = {"In-Reply-To": str(parsed["Message-ID"]), "Subject": f"Re: {parsed['Subject']}"}
        refusal = self.submit(str(parsed["Reply-To"] or parsed["From"]), written, **fields)
        assert refusal is None, refusal

    def subjects(self, client: imaplib.IMAP4_SSL, folder: str = "INBOX") -> dict[str, int]:
        """Subject → UID."""
        client.select(f'"{folder}"')
        found: dict[str, int] = {}
        numbers = client.uid("SEARCH", "ALL")[1][0].split()
        data = (
            client.uid("FETCH", b",".join(numbers).decode(), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
            if numbers
            else []
        )
        parts = [part for part in data if isinstance(part, tuple)]
        for number, (_, header) in zip(numbers, parts, strict=True):
            subject = str(email.message_from_bytes(header, policy=email.policy.default)["Subject"])
            repeated = sum(each.partition(" again")[0] == subject for each in found) if subject in found else 0
            found[f"{subject} again {repeated}" if repeated else subject] = int(number)
        return found

    def text(self, client: imaplib.IMAP4_SSL, number: int) -> str:
        return str(email.message_from_bytes(uid(client, number), policy=email.policy.default).get_content())


def _account(store: Store, local: str, role: Role, state: AccountState = AccountState.REGISTERED) -> Login:
    """With one device; a sender writes as an outside address too."""
    now = int(time.time())
    domain = store.read_now(domains.by_name, DOMAIN)
    draft = AccountDraft(f"{local}@{DOMAIN}", local.title(), role, state=state)
    account, keys = store.write_now(accounts.create, store.shred, draft, domain, now)
    if role is Role.SENDER:
        outside = f"{local}@energie{local.removeprefix('sender')}.test"
        store.write_now(senders.add_identity, account.id, outside, now)
    opener = (store.server_keys, store.shred, account, keys)
    made = store.write_now(devices.add, *opener, "program", SCOPES[role], now)
    return Login(made.username, made.password)
