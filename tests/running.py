"""A real bridge for tests: a data folder made by the command line, and `postex serve` as a process on loopback.

People in it have enrolled and read their first notice: their mailboxes are empty. Each kind of folder is made once in
a process and copied from then on.
"""

import atexit
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from storage.access import devices
from storage.database import Store
from storage.people import accounts, domains, senders
from storage.people.accounts import AccountDraft
from storage.records import Role, Scope
from tests import stores, warm
from tests.warm import Warm

DOMAIN = "example.test"
SENDER_ADDRESS = "facturen@energie.test"
PORTS_ON_LOOPBACK = {
    "POSTEX_IMAP__TLS_PORT": "0",
    "POSTEX_IMAP__PLAINTEXT_PORT": "0",
    "POSTEX_SMTP__TLS_PORT": "0",
    "POSTEX_SMTP__SUBMISSION_PORT": "0",
    "POSTEX_SMTP__MX_PORT": "0",
    "POSTEX_SMTP__PLAINTEXT_PORT": "0",
}
COMMAND = [sys.executable, "-m", "postex_tui.cli"]
Process = subprocess.Popen[str] | Warm


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int


def postex(*arguments: str, data: Path, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Run one command with --json and return its object; fails with what it printed."""
    done = warm.run([*COMMAND, *arguments, "--data", str(data), "--json"], **(env or {}))
    assert done.returncode == 0, f"postex {arguments[0]}: exit {done.returncode}\n{done.stderr}\n{done.stdout}"
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@dataclass
class PostOffice:
    """A data folder with accounts: one sender `erp`, recipients by name."""

    data: Path
    sender: Login
    recipients: dict[str, Login]
    kit: str = field(default="", repr=False)
    """Text of its recovery kit."""

    @classmethod
    def create(cls, data: Path, recipients: tuple[str, ...] = ("anna", "bram")) -> "PostOffice":
        return _made(tuple(recipients)).copied_to(data)

    def add_recipient(self, name: str) -> Login:
        with stores.opened(self.data) as store:
            self.recipients[name] = _add(store, name, name.title(), Role.RECIPIENT, Scope.IMAP)
        return self.recipients[name]

    def copied_to(self, folder: Path) -> "PostOffice":
        shutil.copytree(self.data, folder)
        return PostOffice(folder, self.sender, dict(self.recipients), self.kit)

    def start(
        self, *, seconds: float = 20, wrapper: Sequence[str] = (), command: Sequence[str] = COMMAND, **settings: str
    ) -> "Bridge":
        return Bridge.start(self.data, seconds=seconds, command=[*wrapper, *command], settings=settings)


@cache
def _made(recipients: tuple[str, ...]) -> PostOffice:
    folder = Path(tempfile.mkdtemp(prefix="postex-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    kit = postex("init", "--domain", DOMAIN, "--country", "NL", data=folder / "data")["recovery_kit"]
    with stores.opened(folder / "data") as store:
        sender = _add(store, "erp", "Energie BV", Role.SENDER, Scope.SMTP_SEND, SENDER_ADDRESS)
        people = {name: _add(store, name, name.title(), Role.RECIPIENT, Scope.IMAP) for name in recipients}
    return PostOffice(folder / "data", sender, people, kit)


def _add(store: Store, local: str, name: str, role: Role, scope: Scope, *identities: str) -> Login:
    """An account with one device, as if its owner had enrolled."""
    now = int(time.time())
    domain = store.read_now(domains.by_name, DOMAIN)
    draft = AccountDraft(f"{local}@{DOMAIN}", name, role)
    account, keys = store.write_now(accounts.create, store.shred, draft, domain, now)
    for address in identities:
        store.write_now(senders.add_identity, account.id, address, now)
    opener = (store.server_keys, store.shred, account, keys)
    made = store.write_now(devices.add, *opener, "phone", frozenset({scope}), now)
    return Login(made.username, made.password)


def login(answer: dict[str, Any]) -> Login:
    return Login(answer["device"]["username"], answer["device"]["password"])


@dataclass
class Bridge:
    process: Process
    listeners: dict[str, Address]
    log: Path

    @classmethod
    def start(cls, data: Path, *, seconds: float, command: Sequence[str], settings: dict[str, str]) -> "Bridge":
        """Start `postex serve`, warm if it is the plain command, and wait for its ready line."""
        log = data.parent / f"{data.name}.log"
        serve = [*command, "serve", "--data", str(data), "--ready-json"]
        environment = {**os.environ, **PORTS_ON_LOOPBACK, **settings}
        with log.open("a", encoding="utf-8") as stderr:
            if command[:2] == COMMAND[:2]:
                process: Process = Warm(serve, environment, stderr=stderr)
            else:
                process = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment)
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], seconds)
        line = process.stdout.readline() if readable else ""
        if not line:
            process.kill()
            process.wait()
            process.stdout.close()
            raise AssertionError(f"the bridge did not start:\n{log.read_text()[-4000:]}")
        found = json.loads(line)["listeners"]
        return cls(process, {name: Address(at["host"], at["port"]) for name, at in found.items()}, log)

    def kill(self) -> None:
        """As a crash would: SIGKILL."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def stop(self, seconds: float = 20) -> int:
        """As an admin would: SIGTERM, drain, exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        finally:
            self.kill()

    def __enter__(self) -> "Bridge":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
