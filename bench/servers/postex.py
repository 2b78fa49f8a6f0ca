"""Our own server as its users run it: set up and started by the command line, measured from outside.

Recipients are made straight in the data folder while nothing serves it, as five hundred runs of the command line
would take minutes.
"""

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

from sqlmodel import Session

from bench.servers.base import Intake, Login, Server, Unavailable, descendants, end
from storage.access import devices
from storage.database import Store
from storage.keys.master import MasterKey
from storage.people import accounts, domains
from storage.people.accounts import AccountDraft
from storage.records import Role, Scope

_POSTEX = (sys.executable, "-m", "postex_tui.cli")
_LISTENERS = {
    "POSTEX_IMAP__TLS_PORT": "0",
    "POSTEX_IMAP__PLAINTEXT_PORT": "0",
    "POSTEX_SMTP__PLAINTEXT_PORT": "0",
    "POSTEX_SMTP__TLS_PORT": "off",
    "POSTEX_SMTP__SUBMISSION_PORT": "off",
    "POSTEX_SMTP__MX_PORT": "off",
}
_SENDER = "invoices@sender.test"


class Postex(Server):
    """Plaintext and TLS listeners on free ports of loopback."""

    def __init__(self, folder: Path) -> None:
        self.name = "Postex"
        self.folder = folder
        self._logins: list[Login] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._sender: Login | None = None

    def open(self, recipients: int) -> None:
        self._command("init", "--domain", "bench.test", "--country", "NL")
        words = f"sender add sender@bench.test --name Energie --from {_SENDER} --device bench"
        self._sender = _login(self._command(*words.split()))
        self._logins = self._add(recipients)
        self.start()

    def start(self) -> None:
        command = [*_POSTEX, "serve", "--data", str(self.folder / "data"), "--ready-json"]
        with (self.folder / "log").open("ab") as log:
            environment = os.environ | _LISTENERS
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env=environment, start_new_session=True
            )
        listeners = self._listeners(self._process)
        self.imap_port = listeners["imap-plain"]["port"]
        self.imaps_port = listeners["imaps"]["port"]
        self.intake = Intake(listeners["smtp-plain"]["port"], login=self._sender, sender=_SENDER)

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def login(self, number: int) -> Login:
        return self._logins[number]

    def pids(self) -> list[int]:
        return [] if self._process is None else [self._process.pid, *descendants(self._process.pid)]

    def _listeners(self, process: subprocess.Popen[bytes]) -> dict[str, dict[str, int]]:
        """What `serve` prints once all listeners accept; `Unavailable` if it ends or is not ready in a minute."""
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], 60)
        line = process.stdout.readline() if ready else b""
        if not line:
            raise Unavailable(f"not ready: {(self.folder / 'log').read_text()[-300:]}")
        return json.loads(line)["listeners"]

    def _add(self, recipients: int) -> list[Login]:
        data = self.folder / "data"
        with Store.open(data, MasterKey.load(data / "master.key")) as store:
            addresses = [self.address(number) for number in range(recipients)]
            return store.write_now(_add_readers, store, addresses)

    def _command(self, *words: str) -> dict[str, object]:
        """Run one `postex` command with `--json`; what it printed."""
        command = [*_POSTEX, *words, "--data", str(self.folder / "data"), "--json"]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        if done.returncode:
            raise Unavailable(f"postex {words[0]}: {done.stderr.decode()[-300:]}")
        return json.loads(done.stdout)


def _login(made: dict[str, object]) -> Login:
    device = made["device"]
    assert isinstance(device, dict)
    return Login(device["username"], device["password"])


def _add_readers(session: Session, store: Store, addresses: list[str]) -> list[Login]:
    return [_add_reader(session, store, each) for each in addresses]


def _add_reader(session: Session, store: Store, address: str) -> Login:
    """A recipient with one device password for reading."""
    now = int(time.time())
    domain = domains.by_name(session, "bench.test")
    draft = AccountDraft(address, "Anna de Vries", Role.RECIPIENT, quota_bytes=1 << 40)
    account, keys = accounts.create(session, store.shred, draft, domain, now)
    made = devices.add(session, store.server_keys, store.shred, account, keys, "bench", frozenset({Scope.IMAP}), now)
    return Login(made.username, made.password)
