"""Where the control API listens, as whoever connects needs it: quick to import, nothing of the bridge comes along."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

SOCKET = "control.sock"


@contextmanager
def address_of(data: Path) -> Iterator[str]:
    """A path to the socket that is short enough for a socket's address (108 bytes), wherever the folder lies."""
    with reach(data / SOCKET) as address:
        yield address


@contextmanager
def reach(path: Path) -> Iterator[str]:
    """The same for a socket of any name."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def is_served(data: Path) -> bool:
    """Whether a bridge listens there now."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe, suppress(OSError):
        probe.settimeout(1)
        with address_of(data) as address:
            probe.connect(address)
        return True
    return False
