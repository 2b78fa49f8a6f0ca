"""Senders that do not give up, and the count of what became of their documents."""

import contextlib
import imaplib
import re
import smtplib
import threading
import time
from dataclasses import dataclass, field

from tests.running import DOMAIN, SENDER_ADDRESS, Address, Login

PLAIN_ANSWERS = (OSError, smtplib.SMTPException)
MESSAGE_ID = re.compile(rb"^Message-ID: <(.+?)@crash.test>\r?$", re.MULTILINE | re.IGNORECASE)


def document(name: str, size: int) -> bytes:
    """A message that names itself in its Message-ID and again at its very end."""
    head = f"From: {SENDER_ADDRESS}\r\nTo: all\r\nSubject: {name}\r\nMessage-ID: <{name}@crash.test>\r\n\r\n"
    line = "x" * 74 + "\r\n"
    return (head + line * (size // len(line)) + f"end of {name}\r\n").encode()


@dataclass
class Traffic:
    """Hands in documents from `senders` threads until stopped; each is tried again until its 250."""

    login: Login
    recipients: list[str]
    sizes: tuple[int, ...] = (2_000, 2_000, 90_000)
    senders: int = 4
    pause: float = 0.0
    """Seconds between two documents of one sender."""
    address: Address | None = None
    """Where the bridge is now; None while it is down."""
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Codes other than 2xx and 4xx: none is expected."""
    stopping: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for number in range(self.senders):
            thread = threading.Thread(target=self._hand_in_all, args=(number,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def go_on(self, until: int) -> None:
        """Until so many are acknowledged: a slow machine gets fewer through in the same time."""
        ends = time.monotonic() + 60
        while len(self.acknowledged) < until:
            assert time.monotonic() < ends, "hardly anything is acknowledged"
            time.sleep(0.01)

    def finish(self) -> None:
        """Let each sender get its current document through, then end."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a sender never got its 250"

    def _hand_in_all(self, number: int) -> None:
        count = 0
        while not self.stopping.is_set():
            name = f"d{number}-{count}"
            self._until_acknowledged(name, self.sizes[count % len(self.sizes)])
            count += 1
            self.stopping.wait(self.pause)

    def _until_acknowledged(self, name: str, size: int) -> None:
        message = document(name, size)
        while True:
            if self.address is None:
                time.sleep(0.005)
                continue
            with contextlib.suppress(*PLAIN_ANSWERS):
                if self._hand_in(self.address, name, message):
                    return

    def _hand_in(self, address: Address, name: str, message: bytes) -> bool:
        with smtplib.SMTP(address.host, address.port, timeout=20) as client:
            client.login(self.login.username, self.login.password)
            to = [f"{recipient}@{DOMAIN}" for recipient in self.recipients]
            try:
                lost = client.sendmail(SENDER_ADDRESS, to, message)
            except smtplib.SMTPResponseException as answer:
                if answer.smtp_code >= 500:
                    self.refused.append(f"{answer.smtp_code} {answer.smtp_error!r}")
                return False
            assert not lost, lost
            self.acknowledged.append(name)
            return True


def stored(address: Address, login: Login) -> list[tuple[str, bytes]]:
    """(name, message) of each document in the inbox, read over IMAP."""
    with imaplib.IMAP4(address.host, address.port, timeout=60) as client:
        client.login(login.username, login.password)
        client.select("INBOX", readonly=True)
        _, answer = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
        bodies = [part[1] for part in answer if isinstance(part, tuple)]
    found = [(MESSAGE_ID.search(body), body) for body in bodies]
    return [(match[1].decode() if match else "unnamed", body) for match, body in found]


def check(traffic: Traffic, address: Address, logins: dict[str, Login]) -> None:
    """Every acknowledged document is there, whole, exactly once for each recipient."""
    assert traffic.refused == []
    for recipient in traffic.recipients:
        messages = stored(address, logins[recipient])
        names = [name for name, _ in messages]
        assert len(names) == len(set(names)), "a document was stored twice"
        missing = set(traffic.acknowledged) - set(names)
        assert not missing, f"{len(missing)} acknowledged documents lost"
        for name, body in messages:
            assert body.endswith(f"end of {name}\r\n".encode()), f"{name} is cut"
