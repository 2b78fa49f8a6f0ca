"""One TCP or TLS connection: bytes to the sans-IO `Connection`, its events to the `Session`, answers to the
transport.

Contract. A `Channel` is an `asyncio.Protocol`. Bytes that complete a command start one task, which executes all that
is there and ends: an idle connection has none. Back-pressure both ways: a reader that is slow stops execution at the
next `drain`, a client that sends faster than it is served is not read from. Answers to commands that came together
leave together, unless one of them has to wait for something: a packet costs as much as a sign-in. Nothing waits for
ever: 60 s to sign in, and a limit on silence after that; who does not take the last bytes is cut off.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

from bridge.connections import EXPEL_SECONDS, Tls
from bridge.imap.answers import Wrong
from bridge.imap.protocol.commands import Command
from bridge.imap.protocol.connection import (
    Connection,
    Event,
    Goodbye,
    IdleEnded,
    Limits,
    SaslAborted,
    SaslResponse,
)
from bridge.imap.session import Services, Session, SessionOver

log = structlog.get_logger(__name__)

SIGN_IN_SECONDS = 60.0
SILENCE_SECONDS = 35 * 60.0
"""More than the 30 minutes of RFC 3501 section 5.4, as clients renew IDLE every 29."""
LINGER_SECONDS = 10.0
"""For the last bytes to leave."""
MOST_UNREAD = 256 * 1024
"""Bytes waiting to be looked at, beyond which the socket is not read."""
MOST_UNSENT = 512 * 1024
LARGE = 4096
"""Bytes of an answer that is worth a packet of its own."""
TURN = 16
"""Events in a row before other connections get their turn."""


class Owner(Protocol):
    """The server, as a channel sees it."""

    services: Services

    def opened(self, channel: "Channel") -> bool:
        """Whether there is room for one more."""

    def closed(self, channel: "Channel") -> None: ...

    def received(self, channel: "Channel") -> None:
        """Something came in or was dealt with: `channel.held` may be another number."""

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task in the server's group."""


class Channel(asyncio.Protocol):
    """See the module's contract. The `Outlet` of its session."""

    __slots__ = (
        "_connection", "_flush", "_half_closed", "_leaving", "_linger", "_loop", "_owner", "_reading", "_secure",
        "_timer", "_transport", "_unsent", "_waiter", "_working", "_writable", "door", "heard_at", "session",
    )  # fmt: skip

    session: Session
    _transport: asyncio.Transport
    _timer: asyncio.TimerHandle

    def __init__(self, owner: Owner, door: str, secure: bool) -> None:
        """`door`: the listener's name; `secure`: a password may be sent over it."""
        self._owner = owner
        self.door = door
        self._secure = secure
        self._linger = LINGER_SECONDS
        self._loop = asyncio.get_running_loop()
        self._connection = Connection()
        self.heard_at = self._loop.time()
        self._working = False
        self._half_closed = False
        self._leaving: str | None = None
        self._reading = True
        self._writable = True
        self._unsent: list[bytes] = []
        self._flush: asyncio.Handle | None = None
        """Sends `_unsent` when the loop turns before the burst is over."""
        self._waiter: asyncio.Future[None] | None = None
        """What the running task waits for: room to write, or more bytes."""

    # --- asyncio.Protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=MOST_UNSENT)
        peer = transport.get_extra_info("peername")
        self.session = Session(self._owner.services, self, peer[0] if peer else "", self._secure)
        self._timer = self._loop.call_later(SIGN_IN_SECONDS, self._too_slow)
        if self._owner.opened(self):
            transport.write(self.session.greeting())
        else:
            self.session.bye("Too many connections, try again later")

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        if self.session.ended:
            return
        self._connection.receive(data)
        if self._working:
            self._wake()
            self._limit_reading()
            return
        event = self._connection.next_event()
        if event is not None:
            self._working = True
            self._owner.run(self._work(event))
        self._owner.received(self)

    @property
    def held(self) -> int:
        """Bytes of memory that a command takes which is still coming in."""
        return self._connection.held

    def eof_received(self) -> bool:
        """What was sent before is still executed; TLS knows no half-closed connection."""
        self._half_closed = self._working and self._transport.get_extra_info("ssl_object") is None
        return self._half_closed

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
        self._writable = True
        self.session.closed()
        self._wake()
        self._owner.closed(self)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._wake()

    # --- the burst of commands ---

    async def _work(self, event: Event | None) -> None:
        try:
            count = 0
            while event is not None and not self.session.ended:
                await self._handle(event)
                if self._leaving is not None:
                    self.session.bye(self._leaving)
                count += 1
                if count % TURN == 0:
                    await asyncio.sleep(0)
                event = self._connection.next_event()
        except Exception:
            log.error("imap_connection_fault", exc_info=True)
            self._transport.abort()
        finally:
            self._working = False
            self._send()
            if self._half_closed:
                self.session.end()
            self._limit_reading()
            self._owner.received(self)

    async def _handle(self, event: Event) -> None:
        if isinstance(event, Command):
            await self.session.execute(event)
        elif isinstance(event, IdleEnded):
            self.session.end_idle(event.done)
        elif not isinstance(event, SaslResponse | SaslAborted):
            self.write(event.wire)
            if isinstance(event, Goodbye):
                self.session.end()

    def _limit_reading(self) -> None:
        """Read from the socket only while what came in is being kept up with."""
        reading = not self._working or self._connection.buffered < MOST_UNREAD
        if reading is not self._reading and not self._transport.is_closing():
            self._reading = reading
            (self._transport.resume_reading if reading else self._transport.pause_reading)()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    # --- the session's outlet ---

    def write(self, data: bytes) -> None:
        self._unsent.append(data)
        if not self._working or len(data) >= LARGE:
            self._send()
        elif self._flush is None:
            self._flush = self._loop.call_soon(self._send)

    def _send(self) -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        if self._unsent:
            self._transport.write(b"".join(self._unsent))
            self._unsent.clear()

    async def drain(self) -> None:
        while not self._writable and not self.session.must_stop:
            await self._wait()

    async def ask(self, prompt: bytes) -> bytes:
        self.write(self._connection.challenge(prompt))
        while (event := self._connection.next_event()) is None:
            if self.session.must_stop:
                raise SessionOver
            await self._wait()
        if isinstance(event, SaslResponse):
            return event.data
        if isinstance(event, SaslAborted):
            raise Wrong(event.text)
        self.session.bye("Sign-in ended")
        raise SessionOver

    def await_done(self) -> None:
        self.write(self._connection.idle())

    def allow(self, limits: Limits) -> None:
        self._connection.limits = limits
        if self.session.ended:
            return
        self._timer.cancel()
        self._timer = self._loop.call_later(SILENCE_SECONDS, self._too_silent)

    def interrupt(self) -> None:
        self._wake()

    def end(self) -> None:
        self._send()
        self._connection.close()
        self._timer.cancel()
        self._transport.close()
        self._timer = self._loop.call_later(self._linger, self._transport.abort)

    def hurry(self) -> None:
        self._linger = EXPEL_SECONDS
        self._timer.cancel()
        self._timer = self._loop.call_later(EXPEL_SECONDS, self.abort)

    def tls(self) -> Tls | None:
        line = self._transport.get_extra_info("ssl_object")
        return None if line is None else Tls(line.version() or "", (line.cipher() or ("",))[0])

    def abort(self) -> None:
        self._unsent.clear()
        self._transport.abort()

    # --- time ---

    def _too_slow(self) -> None:
        self.session.bye("Too slow to sign in")

    def _too_silent(self) -> None:
        left = self.heard_at + SILENCE_SECONDS - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._too_silent)
        else:
            self.session.bye("Silent for too long")

    def leave(self, reason: str) -> None:
        """Say good-bye as soon as the command that runs is answered."""
        self._leaving = reason
        if not self._working:
            self.session.bye(reason)
