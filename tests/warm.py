"""`postex` in a process of its own, forked from one that has imported everything: that is 1.5 to 2.5 s of work at
each start, and the same each time. From there on it is the real command, with its own pid, environment, output and
exit status, killed and signalled as any. How a start from nothing goes is shown by those who run `COMMAND`.

    python -m tests.warm DESCRIPTOR          a socket to the tests

One request is one datagram of JSON, `{"arguments": [...], "environment": {...}}`, with three descriptors: the status
socket, stdout, stderr. On the status socket come the pid and, at the end, the return code, as of `subprocess`.
"""

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn

_MODULES = ("postex_tui.cli", "bridge.daemon", "bridge.api.app", "uvicorn.protocols.http.h11_impl", "alembic.command")
_MOST = 1 << 17
"""Bytes of a request."""


class Warm:
    """A command that runs; the part of `subprocess.Popen` that tests use."""

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], stdout: IO[Any], stderr: IO[Any]
    ) -> None:
        self.returncode: int | None = None
        self._status, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode()
        with theirs:
            socket.send_fds(_stove(), [request], [theirs.fileno(), stdout.fileno(), stderr.fileno()])
        self.pid = int(self._status.recv(32))

    def wait(self, seconds: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._status], [], [], seconds)[0]:
                raise subprocess.TimeoutExpired("postex", seconds or 0)
            self.returncode = int(self._status.recv(32))
            self._status.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(arguments: Sequence[str], environment: Mapping[str, str], seconds: float = 60) -> tuple[int, str, str]:
    """One command to its end: status, stdout, stderr. TimeoutExpired after `seconds`, and it is killed."""
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        command = Warm(arguments, environment, stdout, stderr)
        try:
            status = command.wait(seconds)
        finally:
            command.kill()
            command.wait()
        for told in (stdout, stderr):
            told.seek(0)
        return status, stdout.read().decode(), stderr.read().decode()


@cache
def _stove() -> socket.socket:
    """The warm process, which ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    atexit.register(started.wait)
    atexit.register(ours.close)
    return ours


def _serve(requests: socket.socket) -> None:
    """Fork for each request, until nobody can ask any more."""
    for name in _MODULES:
        import_module(name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    while True:
        request, given, _, _ = socket.recv_fds(requests, _MOST, 3)
        if not request:
            return
        if not os.fork():
            requests.close()
            _attend(json.loads(request), *given)
        for descriptor in given:
            os.close(descriptor)


def _attend(request: dict[str, Any], status: int, stdout: int, stderr: int) -> None:
    """Start the command, and tell how it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if not pid:
        os.close(status)
        _become(request, stdout, stderr)
    for descriptor in (0, 1, 2, stdout, stderr):
        os.close(descriptor)
    with suppress(OSError):  # they may be gone, or not care
        os.write(status, b"%d" % pid)
        os.write(status, b"%d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _become(request: dict[str, Any], stdout: int, stderr: int) -> NoReturn:
    """The command; it ends as a process of Python ends."""
    from postex_tui import cli

    for ours, descriptor in ((stdout, 1), (stderr, 2)):
        os.dup2(ours, descriptor)
        os.close(ours)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.exit(cli.main(request["arguments"]))


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
