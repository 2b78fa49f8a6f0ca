"""One client's connection: lines in, replies out, timers (RFC 5321 sections 3, 4.1, 4.5.3).

Contract. aiosmtpd gives the frame: stream, session, envelope, the steps of AUTH and the plain commands.
Replaced is what it does not promise:

- a line is bounded and clean before a command sees it; every reply has an enhanced code; nothing ends without a word;
- a client that half-closes is still answered, and one that goes away never cancels a commit (`_committing`);
- timers answer 421 before they close; a connection that must end (`dismiss`) ends after the commit under way;
- one whose account or device lost its right is cut off if it does not leave within a second (`expel`);
- an exception becomes 451 4.3.0; its words reach neither the client nor the log.
"""

# ruff: noqa: N802 - aiosmtpd finds commands and mechanisms by these names

import asyncio
import logging
from functools import lru_cache
from typing import TYPE_CHECKING

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from bridge.connections import EXPEL_SECONDS, Connection, Ending, Tls
from bridge.smtp import replies
from bridge.smtp.doors import Door
from bridge.smtp.limits import LINE_BYTES, MOST_DISCARDED
from bridge.smtp.sending import SignedIn

if TYPE_CHECKING:
    from bridge.smtp.office import Office

log = structlog.get_logger(__name__)

IDENT = "ESMTP Postex"
EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")
_BEFORE_TLS = frozenset({"EHLO", "HELO", "NOOP", "QUIT", "RSET", "STARTTLS"})
_HTTP = frozenset({"GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT"})
_CONTROLS = bytes(range(32)) + b"\x7f"
_MOST_UNSENT = 16_384
_FAREWELLS = {
    Ending.REVOKED: replies.DEVICE_REVOKED,
    Ending.EXPIRED: replies.DEVICE_EXPIRED,
    Ending.BARRED: replies.ACCOUNT_BARRED,
    Ending.ENDED: replies.SESSION_ENDED,
}


def pin_log_level() -> None:
    """aiosmtpd logs commands with their addresses, and document lines at DEBUG: it is to say nothing."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)


class Conversation(SMTP):
    """The part that does not know mail transactions; see `authentication` and `transaction` for the rest."""

    line_length_limit = LINE_BYTES
    session: Session
    envelope: Envelope
    transport: asyncio.Transport | None
    _timeout_handle: asyncio.TimerHandle | None
    _handler_coroutine: "asyncio.Task[None]"

    def __init__(self, office: "Office", door: Door) -> None:
        self.office = office
        self.door = door
        self.limits = office.limits
        self._errors = 0
        self._commands = 0
        self._unsent = b""
        self._parted = False
        self._heard_all = False
        self._committing = False
        self._dismissal: str | None = None
        self._live: Connection | None = None
        self._farewell_seconds: float | None = None
        self._sign_in_until = office.loop.time() + office.limits.sign_in_seconds
        super().__init__(
            None,
            data_size_limit=office.limits.message_bytes,
            enable_SMTPUTF8=True,
            hostname=office.hostname,
            ident=IDENT,
            tls_context=office.tls if door.offers_starttls else None,
            timeout=office.limits.command_seconds,
            auth_require_tls=door.offers_starttls,
            loop=office.loop,
        )

    def __dir__(self) -> list[str]:
        """aiosmtpd looks for commands and mechanisms in `dir` of each connection: made once, it costs nothing."""
        return _command_names(type(self))  # type: ignore[arg-type]  # a class is hashable, mypy takes it for its instance

    # --- the connection ---

    @property
    def ip(self) -> str:
        peer = self.session.peer
        return str(peer[0]) if peer else ""

    @property
    def encrypted(self) -> bool:
        return self.door.implicit_tls or self._tls_protocol is not None

    @property
    def signed_in(self) -> SignedIn | None:
        found: SignedIn | None = self.session.auth_data
        return found

    @property
    def _must_sign_in(self) -> bool:
        return self.door.requires_sign_in and self.signed_in is None

    @property
    def _buffer(self) -> bytearray:
        """What the client sent and nobody has read. Not to be changed; asyncio has no other way to ask."""
        buffer: bytearray = self._reader._buffer  # type: ignore[attr-defined]
        return buffer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._original_transport is None:
            self._dismissal = self.office.entered(self)  # type: ignore[arg-type]  # each one is a Connection

    def connection_lost(self, error: Exception | None) -> None:
        self._cancel_timeout()
        if self._original_transport is not None:
            self._original_transport.close()
        # Past aiosmtpd's own, which would cancel the handler in the middle of a commit.
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport, self._parted = None, True
        if self._live is not None:
            self.office.signed_in.leave(self._live)
        self.office.left(self)  # type: ignore[arg-type]
        if not self._committing:
            self._handler_coroutine.cancel()

    def eof_received(self) -> bool:
        """The client sends no more; it may still read, so what is under way is finished and answered."""
        self._heard_all = True
        self._reader.feed_eof()
        return not (self.encrypted or self._parted)

    def dismiss(self, reply: str) -> None:
        """Say `reply` and close: at once, or after the commit under way."""
        self._dismissal = reply
        if not self._committing:
            self._part(reply)

    def enter(self, signed_in: SignedIn) -> None:
        """Into the list of those who are signed in; at once after the sign-in, with no turn of the loop between."""
        self._live = self.office.signed_in.enter(self, self.door.name, signed_in.device, self.ip, self._tls())

    def _tls(self) -> Tls | None:
        line = None if self.transport is None else self.transport.get_extra_info("ssl_object")
        return None if line is None else Tls(line.version() or "", (line.cipher() or ("",))[0])

    def expel(self, ending: Ending) -> None:
        self._farewell_seconds = EXPEL_SECONDS
        self.dismiss(_FAREWELLS[ending])

    def _part(self, reply: str) -> None:
        if not self._parted:
            self._unsent += reply.encode("ascii") + b"\r\n"
            self._close()

    def _close(self) -> None:
        """Send what is left to say and close. Closing with unread input would make the kernel reset the connection,
        and the client might never see the reply: so input is discarded until the client closes too, for seconds.
        """
        transport = self.transport
        if transport is None or self._parted:
            return
        self._parted = True
        transport.write(self._taken_unsent())
        if self.encrypted or self._heard_all:
            transport.close()
        else:
            self._stop_talking(transport)
        self._cancel_timeout()
        seconds = self._farewell_seconds or self.office.farewell_seconds
        self._timeout_handle = self.loop.call_later(seconds, transport.abort)

    def _stop_talking(self, transport: asyncio.Transport) -> None:
        try:
            transport.write_eof()
        except OSError:  # the client is gone, and the loop has not said so yet
            transport.abort()
        else:
            transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if not self._parted:
            super().data_received(data)

    def _reset_timeout(self, duration: float | None = None) -> None:
        if self._parted:
            return
        seconds = duration or self.limits.command_seconds
        if self._must_sign_in:
            seconds = min(seconds, max(0.0, self._sign_in_until - self.loop.time()))
        self._cancel_timeout()
        self._timeout_handle = self.loop.call_later(seconds, self._timeout_cb)

    def _cancel_timeout(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()

    def _timeout_cb(self) -> None:
        log.info("smtp.timeout", door=self.door.name)
        self.dismiss(replies.TIMEOUT)

    # --- lines and replies ---

    async def push(self, status: str | bytes) -> None:
        """One reply; the coded ones get their enhanced status. Replies to pipelined commands leave together."""
        if self.transport is None or self._parted:
            raise ConnectionResetError
        reply = status if isinstance(status, bytes) else replies.enhanced(status).encode("ascii", "replace")
        if reply[4:7] == b"5.5":
            self._errors += 1
        self._unsent += reply + b"\r\n"
        if len(self._unsent) > _MOST_UNSENT:
            await self._flush()

    async def _flush(self) -> None:
        """Send what was said, before anything is waited for from the client."""
        if self._unsent and self.transport is not None:
            self.transport.write(self._taken_unsent())
            if self._paused:  # type: ignore[attr-defined]  # of asyncio's flow control
                await self._drain_helper()  # type: ignore[attr-defined]

    def _taken_unsent(self) -> bytes:
        unsent, self._unsent = self._unsent, b""
        return unsent

    async def handle_exception(self, error: Exception) -> str:
        log.error("smtp.fault", door=self.door.name, kind=type(error).__name__)
        return replies.FAULT

    async def _handle_client(self) -> None:
        try:
            if self._dismissal is None:
                await self.push(f"220 {self.hostname} {IDENT}".encode())
            while self._dismissal is None:
                await self._take_turn()
            self._part(self._dismissal)
        except (ConnectionError, EOFError):
            log.debug("smtp.gone", door=self.door.name)
        finally:
            self._close()

    async def _take_turn(self) -> None:
        line = await self._next_line()
        try:
            await self._obey(line)
        except (ConnectionError, EOFError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            await self.push(await self.handle_exception(error))
        if self._errors > self.limits.errors:
            self._dismissal = self._dismissal or replies.TOO_MANY_ERRORS

    async def _next_line(self) -> bytes:
        """The next line without its end. EOFError when there is none."""
        while True:
            if b"\n" not in self._buffer:
                await self._flush()
            try:
                line: bytes = await self._reader.readuntil(b"\n")
                return line.rstrip(b"\r\n") if line.endswith(b"\r\n") else line[:-1]
            except asyncio.LimitOverrunError as error:
                await self._flush()
                await self._discard_line(error.consumed)
                await self.push(replies.LINE_TOO_LONG)

    async def _discard_line(self, buffered: int) -> None:
        discarded = 0
        while discarded < MOST_DISCARDED:
            discarded += len(await self._reader.read(buffered))
            try:
                await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                buffered = error.consumed
            else:
                return
        self._part(replies.LINE_TOO_LONG.replace("500 5.5.2", "421 4.7.0"))
        raise ConnectionAbortedError

    async def _obey(self, line: bytes) -> None:
        self._commands += 1
        if self._must_sign_in and self._commands > self.limits.sign_in_commands:
            self._dismissal = replies.TOO_MANY_COMMANDS
            return
        word, argument, refusal = self._parsed(line)
        method = self._smtp_methods.get(word)
        if method is None and word in _HTTP:
            self._dismissal = replies.NOT_HTTP
        elif refusal is not None or method is None:
            await self.push(refusal or replies.SYNTAX)
        elif self._needs_tls(word):
            await self.push(replies.TLS_REQUIRED)
        else:
            self._reset_timeout()
            await method(argument)

    def _parsed(self, line: bytes) -> tuple[str, str | None, str | None]:
        """(command word, argument, refusal). Other than ASCII may occur in the paths of MAIL and RCPT only."""
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            return "", None, replies.BAD_BYTES
        word, _, argument = text.partition(" ")
        word = word.upper()
        most = self.limits.auth_bytes if word == "AUTH" else self.limits.command_bytes
        if len(line) > most:
            return word, None, replies.LINE_TOO_LONG
        if line.translate(None, _CONTROLS) != line or not (text.isascii() or word in ("MAIL", "RCPT")):
            return word, None, replies.BAD_BYTES
        return word, argument.strip() or None, None

    def _needs_tls(self, word: str) -> bool:
        door = self.door
        return door.offers_starttls and door.requires_sign_in and not self.encrypted and word not in _BEFORE_TLS

    # --- commands that need no transaction ---

    async def smtp_EHLO(self, hostname: str | None) -> None:
        if not hostname:
            await self.push("501 5.5.4 Syntax: EHLO hostname")
            return
        self._set_rset_state()  # type: ignore[no-untyped-call]
        self.session.extended_smtp = True
        self.session.host_name = hostname
        await self.push(self._announcement())

    def _announcement(self) -> bytes:
        lines = [self.hostname, *EXTENSIONS, f"SIZE {self.limits.message_bytes}"]
        if self.tls_context and not self.encrypted:
            lines.append("STARTTLS")
        if self.encrypted or self.door.takes_plain_auth:
            lines.append("AUTH PLAIN LOGIN")
        return "\r\n".join([*(f"250-{line}" for line in lines), "250 HELP"]).encode()

    async def smtp_HELO(self, hostname: str | None) -> None:
        if not hostname:
            await self.push("501 5.5.4 Syntax: HELO hostname")
            return
        self._set_rset_state()  # type: ignore[no-untyped-call]
        self.session.extended_smtp = False
        self.session.host_name = hostname
        await self.push(f"250 {self.hostname}".encode())

    async def smtp_VRFY(self, arg: str | None) -> None:
        await self.push("252 2.5.0 hand it in, and the answer to RCPT tells")

    async def smtp_QUIT(self, arg: str | None) -> None:
        await self.push(replies.BYE)
        self._close()
        raise ConnectionAbortedError


@lru_cache
def _command_names(kind: type) -> list[str]:
    return [name for name in dir(kind) if name.startswith(("smtp_", "auth_"))]
