"""Which servers can be measured here, by the name that stands above their column."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.rows.row import ACCEPT, DELIVERED, DOVECOT, OURS, SDBOX, SEALED
from bench.servers.base import Server
from bench.servers.dovecot import Dovecot
from bench.servers.postex import Postex
from bench.servers.postfix import Postfix

_MAKERS: dict[str, Callable[[Path], Server]] = {
    OURS: lambda folder: Postex(folder),
    ACCEPT: lambda folder: Postfix(folder / "postfix"),
    DELIVERED: lambda folder: Postfix(folder / "postfix", Dovecot(folder / "dovecot")),
    DOVECOT: lambda folder: Dovecot(folder / "dovecot"),
    SEALED: lambda folder: Dovecot(folder / "dovecot", encrypted=True),
    SDBOX: lambda folder: Dovecot(folder / "dovecot", storage="sdbox"),
}


@contextmanager
def opened(name: str, recipients: int) -> Iterator[Server]:
    """A fresh server in a folder of its own, ended and removed afterwards; `Unavailable` says why there is none."""
    with TemporaryDirectory(prefix="px-") as folder:
        Path(folder).chmod(0o755)
        server = _MAKERS[name](Path(folder))
        try:
            server.open(recipients)
            yield server
        finally:
            server.stop()
