"""A post office for the demonstration, made by the same commands that an admin types."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postex_tui.demo import DemoFailed

DOMAIN = "example.test"
COMMAND = (sys.executable, "-m", "postex_tui.cli")
PORTS = {
    "POSTEX_IMAP__TLS_PORT": "0",
    "POSTEX_SMTP__TLS_PORT": "0",
    "POSTEX_SMTP__SUBMISSION_PORT": "0",
    "POSTEX_SMTP__MX_PORT": "off",
}
"""Free ports, so that nothing on this machine is in the way."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a device password."""

    name: str
    username: str
    password: str = field(repr=False)
    address: str
    """Which a sender writes as, and a recipient receives at."""
    enrolment_code: str = field(repr=False)


def environment() -> dict[str, str]:
    """That of this process without settings meant for another bridge."""
    return {name: value for name, value in os.environ.items() if not name.startswith("POSTEX_")} | PORTS


def postex(data: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a command with --json, secrets in `environ`; its object, or `DemoFailed` with what it said."""
    command = [*COMMAND, *arguments, "--data", str(data), "--json"]
    done = subprocess.run(  # noqa: S603 - our own program and arguments
        command, capture_output=True, text=True, timeout=120, env={**environment(), **(environ or {})}
    )
    if done.returncode != 0:
        raise DemoFailed(f"postex {' '.join(arguments[:2])} ended with {done.returncode}: {done.stderr.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def add_sender(data: Path, local: str, name: str, address: str) -> Person:
    arguments = ("sender", "add", f"{local}@{DOMAIN}", "--name", name, "--from", address, "--device", "erp")
    return _person(postex(data, *arguments), name, address)


def add_recipient(data: Path, local: str, name: str) -> Person:
    address = f"{local}@{DOMAIN}"
    return _person(postex(data, "account", "add", address, "--name", name, "--device", "phone"), name, address)


def _person(answer: Mapping[str, Any], name: str, address: str) -> Person:
    return Person(name, answer["device"]["username"], answer["device"]["password"], address, answer["enrolment_code"])


@dataclass(frozen=True, slots=True)
class Bridge:
    """The real daemon as a process of its own."""

    process: subprocess.Popen[str]
    listeners: Mapping[str, Any]
    """As in the ready line: name → {"host", "port"}."""
    log: Path
    trust: ssl.SSLContext
    """Accepts this bridge's certificate and no other."""

    @classmethod
    def start(cls, data: Path, log: Path) -> "Bridge":
        """Returns once all listeners accept."""
        command = [*COMMAND, "serve", "--data", str(data), "--ready-json"]
        with log.open("w", encoding="utf-8") as stderr:
            process = subprocess.Popen(  # noqa: S603 - our own program and arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=environment(),
                start_new_session=True,  # a Ctrl-C is for the demonstration, which then lets the bridge drain
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.wait()
            raise DemoFailed(f"the bridge did not start: {log.read_text(encoding='utf-8')[-2000:].strip()}")
        trust = ssl.create_default_context(cafile=str(data / "tls" / "cert.pem"))
        return cls(process, json.loads(line)["listeners"], log, trust)

    def place(self, listener: str) -> tuple[str, int]:
        at = self.listeners[listener]
        return at["host"], at["port"]

    def stop(self) -> int:
        """Let it drain; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()
