"""One running bridge for all client tests; each test has its own recipient with three documents."""

import email.message
import email.policy
import itertools
import smtplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.running import DOMAIN, SENDER_ADDRESS, Address, Bridge, Login, PostOffice

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n" + bytes(range(256)) * 40


@dataclass(frozen=True, slots=True)
class Reader:
    """What a person types into a mail client, and the documents that wait in the inbox."""

    login: Login
    imaps: Address
    smtps: Address
    certificate: Path
    documents: tuple[bytes, ...]

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))


def document(number: int) -> bytes:
    """A small letter with a PDF attached, in CRLF form."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"] = f"Energie BV <{SENDER_ADDRESS}>"
    message["To"] = f"all@{DOMAIN}"
    message["Subject"] = f"Factuur {number} — café"
    message["Date"] = f"Mon, {number + 1:02} Jun 2026 10:00:00 +0200"
    message["Message-ID"] = f"<invoice-{number}@energie.test>"
    message.set_content(f"Beste lezer,\n\nBijgaand factuur {number}.\n")
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename=f"factuur-{number}.pdf")
    return message.as_bytes()


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> PostOffice:
    readers = tuple(f"reader{number}" for number in range(12))
    return PostOffice.create(tmp_path_factory.mktemp("clients") / "data", recipients=readers)


@pytest.fixture(scope="session")
def bridge(office: PostOffice) -> Iterator[Bridge]:
    with office.start() as running:
        yield running
        assert running.stop() == 0, running.log.read_text()


@pytest.fixture(scope="session")
def next_reader(office: PostOffice, bridge: Bridge) -> Callable[[], Reader]:
    """A recipient nobody used yet, with three documents in the inbox."""
    names = itertools.chain(office.recipients)
    certificate = office.data / "tls" / "cert.pem"

    def take() -> Reader:
        name = next(names)
        documents = tuple(document(number) for number in range(3))
        smtps = bridge.listeners["smtps"]
        context = ssl.create_default_context(cafile=str(certificate))
        with smtplib.SMTP_SSL(smtps.host, smtps.port, context=context) as client:
            client.login(office.sender.username, office.sender.password)
            for message in documents:
                client.sendmail(SENDER_ADDRESS, [f"{name}@{DOMAIN}"], message)
        return Reader(office.recipients[name], bridge.listeners["imaps"], smtps, certificate, documents)

    return take


@pytest.fixture
def reader(next_reader: Callable[[], Reader]) -> Reader:
    return next_reader()
