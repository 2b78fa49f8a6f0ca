"""Mail clients that are programs of their own: found, run in a home of their own, and judged by exit code."""

import os
import pty
import shutil
import subprocess
import time
from pathlib import Path

import pytest


def needs(program: str, package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is missing: apt install {package}")


def run(command: list[str], home: Path, *, seconds: float = 60) -> subprocess.CompletedProcess[bytes]:
    """Run to the end; the caller looks at the output, so a failure shows all of it."""
    done = subprocess.run(command, capture_output=True, timeout=seconds, env={**os.environ, "HOME": str(home)})
    assert done.returncode == 0, (
        f"{command[0]}: exit {done.returncode}\n{done.stderr.decode()}\n{done.stdout.decode()}"
    )
    return done


def run_in_terminal(command: list[str], home: Path, *, seconds: float = 60) -> str:
    """Run a full-screen program on a pseudo-terminal of 80×24 until it ends; returns what it drew."""
    main, terminal = pty.openpty()
    environment = {
        **os.environ,
        "HOME": str(home),
        "TERM": "xterm",
        "LINES": "24",
        "COLUMNS": "80",
        "LANG": "C.UTF-8",
    }
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    os.set_blocking(main, False)
    drawn = bytearray()
    deadline = time.monotonic() + seconds
    try:
        while process.poll() is None:
            assert time.monotonic() < deadline, (
                f"{command[0]} did not end; it drew:\n{drawn.decode(errors='replace')}"
            )
            drawn += _available(main)
            time.sleep(0.02)
        drawn += _available(main)
    finally:
        process.kill()
        process.wait()
        os.close(main)
    return drawn.decode(errors="replace")


def _available(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except (BlockingIOError, OSError):
        return b""
