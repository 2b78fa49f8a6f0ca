"""What a session needs of its connection; `channel.Channel` is the one there is."""

from typing import Protocol

from bridge.connections import Tls
from bridge.imap.protocol.connection import Limits


class Outlet(Protocol):
    """Where the session's bytes go."""

    @property
    def door(self) -> str:
        """Name of the listener."""

    def tls(self) -> Tls | None: ...

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None:
        """Return once the reader keeps up."""

    async def ask(self, prompt: bytes) -> bytes:
        """Send a SASL challenge and return the client's answer, base64 undone; raises `Refused` if it gave none."""

    def await_done(self) -> None:
        """Tell that IDLE has begun, and hear nothing but its end."""

    def allow(self, limits: Limits) -> None:
        """What the client may send from now on."""

    def interrupt(self) -> None:
        """Wake whoever waits in `drain` or `ask`: the session is about to end."""

    def end(self) -> None:
        """Close once everything written is out."""

    def hurry(self) -> None:
        """Be closed within a second, whether or not the client takes the last bytes."""

    def abort(self) -> None:
        """Close at once."""
