"""A real bridge for tests: a data folder made by the command line, and `postex serve` as a process on loopback."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Login:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int


def postex(*arguments: str, data: Path, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Run one command with --json and return its object; fails with what it printed to stderr."""
    done = subprocess.run(
        [*COMMAND, *arguments, "--data", str(data), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode == 0, f"postex {arguments[0]}: exit {done.returncode}\n{done.stderr}\n{done.stdout}"
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@dataclass
class PostOffice:
    """A data folder with accounts: one sender `erp`, recipients by name."""

    data: Path
    sender: Login
    recipients: dict[str, Login]

    @classmethod
    def create(cls, data: Path, recipients: tuple[str, ...] = ("anna", "bram")) -> "PostOffice":
        postex("init", "--domain", DOMAIN, "--country", "NL", data=data)
        sender = postex(
            *("sender", "add", f"erp@{DOMAIN}", "--name", "Energie BV", "--from", SENDER_ADDRESS, "--device", "erp"),
            data=data,
        )
        office = cls(data, login(sender), {})
        for name in recipients:
            office.add_recipient(name)
        return office

    def add_recipient(self, name: str) -> Login:
        answer = postex(
            *(
                "account",
                "add",
                f"{name}@{DOMAIN}",
                "--role",
                "recipient",
                "--name",
                name.title(),
                "--device",
                "phone",
            ),
            data=self.data,
        )
        self.recipients[name] = login(answer)
        return self.recipients[name]

    def copied_to(self, folder: Path) -> "PostOffice":
        shutil.copytree(self.data, folder)
        return PostOffice(folder, self.sender, dict(self.recipients))

    def start(
        self, *, seconds: float = 20, wrapper: Sequence[str] = (), command: Sequence[str] = COMMAND, **settings: str
    ) -> "Bridge":
        return Bridge.start(self.data, seconds=seconds, command=(*wrapper, *command), settings=settings)


def login(answer: dict[str, Any]) -> Login:
    return Login(answer["device"]["username"], answer["device"]["password"])


@dataclass
class Bridge:
    process: subprocess.Popen[str]
    listeners: dict[str, Address]
    log: Path

    @classmethod
    def start(cls, data: Path, *, seconds: float, command: Sequence[str], settings: dict[str, str]) -> "Bridge":
        """Start `postex serve` and wait for its ready line."""
        log = data.parent / f"{data.name}.log"
        with log.open("a", encoding="utf-8") as stderr:
            process = subprocess.Popen(
                [*command, "serve", "--data", str(data), "--ready-json"],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, **PORTS_ON_LOOPBACK, **settings},
            )
        assert process.stdout is not None
        readable, _, _ = select.select([process.stdout], [], [], seconds)
        line = process.stdout.readline() if readable else ""
        if not line:
            process.kill()
            process.wait()
            raise AssertionError(f"the bridge did not start:\n{log.read_text()[-4000:]}")
        found = json.loads(line)["listeners"]
        return cls(process, {name: Address(at["host"], at["port"]) for name, at in found.items()}, log)

    def kill(self) -> None:
        """As a crash would: SIGKILL."""
        self.process.kill()
        self.process.wait()
        self._close()

    def stop(self, seconds: float = 20) -> int:
        """As an admin would: SIGTERM, drain, exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        finally:
            self.kill()

    def _close(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()

    def __enter__(self) -> "Bridge":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
