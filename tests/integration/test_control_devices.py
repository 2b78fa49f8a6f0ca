"""A running bridge, its control socket and a live mail program: what is revoked is out within a second."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from queue import Queue
from typing import Any

import httpx
import pytest

from bridge.api.sockets import address_of
from storage.access import devices, sessions
from storage.engine import statements
from storage.people import accounts
from storage.records import Scope
from tests import stores
from tests.running import Bridge, Login, PostOffice, postex

ANNA = "anna@example.test"


class MailProgram:
    """IMAP over TLS, line by line."""

    def __init__(self, bridge: Bridge, login: Login) -> None:
        at, context = bridge.listeners["imaps"], ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._line = context.wrap_socket(socket.create_connection((at.host, at.port), 10))
        self._file = self._line.makefile("rwb")
        self.heard()
        self.say(f"a LOGIN {login.username} {login.password}", "a OK")

    def say(self, line: str, until: str) -> None:
        self._file.write(line.encode() + b"\r\n")
        self._file.flush()
        while not (heard := self.heard()).startswith(until):
            assert heard, until

    def heard(self) -> str:
        return self._file.readline().decode()

    def close(self) -> None:
        self._file.close()
        self._line.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> PostOffice:
    return PostOffice.create(tmp_path_factory.mktemp("control") / "data", ("anna",))


@pytest.fixture
def token(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> str:
    """Anna has enrolled and is signed in; made before the bridge starts."""
    with stores.opened(office.data) as store:
        secret, now = office.recipients["anna"], int(time.time())
        found = store.read_now(
            devices.sign_in, store.server_keys, store.shred, secret.username, secret.password, Scope.IMAP, now
        )
        store.write_now(statements.run, "UPDATE account SET state = 'registered' WHERE email = ?", (ANNA,))
        assert found.keys is not None
        account = store.read_now(accounts.by_email, ANNA)
        lock = (store.server_keys, store.shred, account, found.keys)
        made = store.write_now(sessions.start, *lock, "test", now).token
    monkeypatch.setenv("POSTEX_TOKEN", made)
    return made


@pytest.fixture
def bridge(office: PostOffice, token: str) -> Iterator[Bridge]:
    with office.start(POSTEX_SMTP__WORKERS="0") as running:
        yield running


def streamed(office: PostOffice, token: str, told: "Queue[tuple[str, Any]]", ready: threading.Event) -> None:
    """Follow the events of one's account to their end."""
    with address_of(office.data) as address, httpx.Client(transport=httpx.HTTPTransport(uds=address)) as client:
        bearer = {"Authorization": f"Bearer {token}"}
        with client.stream("GET", "http://postex/v1/events", headers=bearer, timeout=30) as answer:
            kind = ""
            for line in answer.iter_lines():
                ready.set()
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    told.put((kind, json.loads(line.removeprefix("data: "))))


def test_over_the_socket(office: PostOffice, bridge: Bridge, token: str) -> None:
    told: Queue[tuple[str, Any]] = Queue()
    ready = threading.Event()
    watching = threading.Thread(target=streamed, args=(office, token, told, ready))
    watching.start()
    assert ready.wait(10)
    made = postex("device", "add", "me", "tablet", data=office.data)["device"]
    program = MailProgram(bridge, Login(made["username"], made["password"]))
    program.say("b SELECT INBOX", "b OK")
    program.say("c IDLE", "+ ")
    live = [each for each in postex("session", "list", data=office.data)["sessions"] if each["kind"] == "mail"]
    assert [(each["door"], each["label"], each["network"]) for each in live] == [("imaps", "tablet", "127.0.0.0/24")]
    assert live[0]["tls_version"] == "TLSv1.3"
    revoked: list[float] = []

    def revoke() -> None:
        postex("device", "revoke", "me", "tablet", data=office.data)
        revoked.append(time.monotonic())

    thread = threading.Thread(target=revoke)
    thread.start()
    while not (heard := program.heard()).startswith("* BYE"):
        assert heard
    assert heard == "* BYE This device was revoked\r\n"
    assert program.heard() == ""
    gone = time.monotonic()
    thread.join()
    assert gone - revoked[0] < 1, "the command's own answer comes after the revocation"
    program.close()
    postex("session", "end", next(_own_login(office)), data=office.data)
    watching.join(10)
    kinds = [told.get_nowait() for _ in range(told.qsize())]
    assert kinds[-1] == ("end", {"reason": "session-ended"})
    assert [data["change"] for kind, data in kinds if kind == "sessions"] == ["opened", "closed"]
    assert {"device.added", "device.revoked"} <= {data["kind"] for kind, data in kinds if kind == "audit"}
    assert [data["count"] for kind, data in kinds if kind == "arrivals"] == [1], "the notice of the new device"


def test_an_open_stream_does_not_hold_up_the_end_of_the_bridge(
    office: PostOffice, bridge: Bridge, token: str
) -> None:
    told: Queue[tuple[str, Any]] = Queue()
    ready = threading.Event()
    watching = threading.Thread(target=streamed, args=(office, token, told, ready))
    watching.start()
    assert ready.wait(10)
    began = time.monotonic()
    assert bridge.stop() == 0
    assert time.monotonic() - began < 8
    watching.join(10)
    assert not watching.is_alive()
    assert told.get_nowait() == ("end", {"reason": "bridge-stopping"})
    assert '"level": "error"' not in bridge.log.read_text()


def _own_login(office: PostOffice) -> Iterator[str]:
    for each in postex("session", "list", data=office.data)["sessions"]:
        if each["current"]:
            yield each["id"]
