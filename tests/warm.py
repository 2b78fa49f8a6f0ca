"""Modules of ours run as processes, forked from one that has imported what they need: those imports are 1 to 2.5 s of
work at each start, and the same each time. From there on it is `python -m MODULE`, with its own pid, environment,
streams and exit status, killed and signalled as any. How `postex` starts from nothing is shown in test_cli, test_demo
and test_daemon.

    python -m tests.warm DESCRIPTOR          a socket to the tests

One request is one datagram of JSON, `{"command": [MODULE, …], "environment": {…}}`, with four descriptors: the status
socket, stdin, stdout, stderr. On the status socket come the pid and, at the end, the return code, as of `subprocess`.
"""

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NoReturn, Self

_MODULES = (
    "alembic.command",
    "bridge.api.app",
    "bridge.channels.paper.carrier",
    "bridge.daemon",
    "postex_tui.cli",
    "uvicorn.protocols.http.h11_impl",
)
_MOST = 1 << 17
"""Bytes of a request."""


class Warm:
    """A command that runs; the part of `subprocess.Popen` that tests use. `command` begins as `PYTHON -m MODULE`.

    stdin and stdout are pipes of text where none are given, stderr is that of the tests.
    """

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        stdin: IO[Any] | None = None,
        stdout: IO[Any] | None = None,
        stderr: IO[Any] | None = None,
    ) -> None:
        self.returncode: int | None = None
        self._status, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        reading, written = os.pipe()
        read, writing = os.pipe()
        self.stdin, self.stdout = os.fdopen(written, "w"), os.fdopen(read)
        streams = (
            reading if stdin is None else stdin.fileno(),
            writing if stdout is None else stdout.fileno(),
            2 if stderr is None else stderr.fileno(),
        )
        request = {"command": command[2:], "environment": dict(os.environ if env is None else env)}
        with theirs, open(reading), open(writing, "w"):
            socket.send_fds(_stove(), [json.dumps(request).encode()], [theirs.fileno(), *streams])
        self.pid = int(self._status.recv(32))

    def wait(self, seconds: float | None = None) -> int:
        """Its return code; TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._status], [], [], seconds)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), seconds or 0)
            self.returncode = int(self._status.recv(32))
            self._status.close()
            with suppress(BrokenPipeError):
                self.stdin.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.wait()


def run(command: Sequence[str | Path], text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """One command to its end, with `text` on its stdin. TimeoutExpired after a minute, and it is killed."""
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(text.encode())
        stdin.seek(0)
        with Warm([str(each) for each in command], os.environ | environment, stdin, stdout, stderr) as running:
            try:
                status = running.wait(60)
            finally:
                running.kill()
        stdout.seek(0)
        stderr.seek(0)
        return subprocess.CompletedProcess(command, status, stdout.read().decode(), stderr.read().decode())


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
    del sys.modules["postex_tui.cli"]  # what runs as a program must not be imported before
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    while True:
        request, given, _, _ = socket.recv_fds(requests, _MOST, 4)
        if not request:
            return
        if not os.fork():
            requests.close()
            _attend(json.loads(request), *given)
        for descriptor in given:
            os.close(descriptor)


def _attend(request: dict[str, Any], status: int, *streams: int) -> NoReturn:
    """Start the command, and tell how it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if not pid:
        os.close(status)
        _become(request, streams)
    for descriptor in (0, 1, 2, *streams):
        os.close(descriptor)
    with suppress(OSError):  # they may be gone, or not care
        os.write(status, b"%d" % pid)
        os.write(status, b"%d" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _become(request: dict[str, Any], streams: tuple[int, ...]) -> NoReturn:
    """The command; it ends as a process of Python ends."""
    for descriptor, given in enumerate(streams):
        os.dup2(given, descriptor)
        os.close(given)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["command"]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
