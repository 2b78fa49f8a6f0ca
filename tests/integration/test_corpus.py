"""R13: every sample message goes in over SMTP and comes out of IMAP byte for byte, quickly."""

import imaplib
import os
import re
import smtplib
import time
from collections.abc import Iterator
from pathlib import Path

import imapclient
import pytest

from tests.running import DOMAIN, Bridge, PostOffice
from tests.samples import REASON, messages

RECIPIENT = f"anna@{DOMAIN}"
SECONDS_OF_CPU = 1.0


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> PostOffice:
    return PostOffice.create(tmp_path_factory.mktemp("corpus") / "data", recipients=("anna",))


@pytest.fixture(scope="module")
def bridge(office: PostOffice) -> Iterator[Bridge]:
    with office.start() as running:
        yield running


def as_sent(path: Path) -> bytes:
    """What a mail program puts on the wire: every kind of line end becomes CRLF."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", path.read_bytes())
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def workers(bridge: Bridge) -> list[str]:
    """Process ids of the bridge's children, whichever of its threads started them."""
    return [
        pid
        for path in Path(f"/proc/{bridge.process.pid}/task").glob("*/children")
        for pid in path.read_text().split()
    ]


def cpu_seconds(bridge: Bridge) -> float:
    """User and system time of the bridge and its workers so far (proc(5), fields 14 and 15 of stat)."""
    stats = [Path(f"/proc/{pid}/stat").read_text() for pid in (bridge.process.pid, *workers(bridge))]
    fields = [stat.rsplit(")", 1)[1].split() for stat in stats]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


def test_workers_are_counted(bridge: Bridge) -> None:
    """Scanning happens in them: without them the limit below would hold for any scanner."""
    assert len(workers(bridge)) == 2


@pytest.mark.skipif(not messages(), reason=REASON)
@pytest.mark.parametrize("path", messages(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_comes_out_as_it_went_in(path: Path, office: PostOffice, bridge: Bridge) -> None:
    sent, before = as_sent(path), cpu_seconds(bridge)
    assert b"\0" not in sent
    mx = bridge.listeners["mx"]
    with smtplib.SMTP(mx.host, mx.port, timeout=20) as client:
        client.sendmail("someone@elsewhere.test", [RECIPIENT], sent, mail_options=["BODY=8BITMIME"])
    imap, login = bridge.listeners["imap-plain"], office.recipients["anna"]
    with imapclient.IMAPClient(imap.host, imap.port, ssl=False, timeout=20) as client:
        client.login(login.username, login.password)
        client.select_folder("INBOX")
        uid = client.search()[-1]
        answer = client.fetch([uid], ["BODY.PEEK[]", "ENVELOPE", "BODYSTRUCTURE", "BODY", "RFC822.SIZE"])[uid]
    assert answer[b"BODY[]"].endswith(b"\r\n" + sent)
    assert answer[b"RFC822.SIZE"] == len(answer[b"BODY[]"])
    assert answer[b"ENVELOPE"] is not None
    assert answer[b"BODYSTRUCTURE"]
    assert cpu_seconds(bridge) - before < SECONDS_OF_CPU


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (b"Subject: nul\r\n\r\na\0b\r\n", rb"NUL"),
        (b"Subject: carriage return\r\n\r\na\rb\r\n", rb"CR"),
    ],
)
def test_bytes_that_mail_must_not_hold_are_refused_with_a_text(message: bytes, answer: bytes, bridge: Bridge) -> None:
    mx = bridge.listeners["mx"]
    with smtplib.SMTP(mx.host, mx.port, timeout=20) as client:
        client.ehlo("elsewhere.test")
        client.mail("someone@elsewhere.test")
        client.rcpt(RECIPIENT)
        code, text = client.data(message)
    assert code == 554 or code == 550
    assert re.search(answer, text)


def test_time_is_measured(bridge: Bridge, office: PostOffice) -> None:
    """The control: work of the bridge shows in the figure that the limit is held against."""
    before, until = cpu_seconds(bridge), time.monotonic() + 10
    imap, login = bridge.listeners["imap-plain"], office.recipients["anna"]
    with imaplib.IMAP4(imap.host, imap.port, timeout=20) as client:
        client.login(login.username, login.password)
        while cpu_seconds(bridge) == before:
            assert time.monotonic() < until
            client.noop()
