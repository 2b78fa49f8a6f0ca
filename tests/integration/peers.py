"""Servers that tests start for themselves: a private Dovecot as the oracle, and our own by its command line.

Both listen on loopback, live in a short temporary folder (Unix socket paths are limited) and are ended by the process
that the test started. How they are configured stands in `bench.servers`, so that what is measured is what is tested.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.servers.base import Server
from bench.servers.dovecot import Dovecot, dovecot_missing
from bench.servers.postex import Postex

__all__ = ["dovecot", "dovecot_missing", "postex"]


@contextmanager
def dovecot(recipients: int) -> Iterator[Server]:
    """Ask `dovecot_missing` first."""
    with TemporaryDirectory(prefix="px-") as folder:
        yield from _opened(
            Dovecot(Path(folder) / "dovecot", storage="sdbox", fsync="never"), Path(folder), recipients
        )


@contextmanager
def postex(recipients: int) -> Iterator[Server]:
    with TemporaryDirectory(prefix="px-") as folder:
        yield from _opened(Postex(Path(folder)), Path(folder), recipients)


def _opened(server: Server, folder: Path, recipients: int) -> Iterator[Server]:
    folder.chmod(0o755)
    try:
        server.open(recipients)
        yield server
    finally:
        server.stop()
