"""The switch to TLS under a running connection: STARTTLS (RFC 3207)."""

# ruff: noqa: N802 - aiosmtpd finds commands by these names

from asyncio import sslproto

import structlog

from bridge.smtp import replies
from bridge.smtp.conversation import Conversation

log = structlog.get_logger(__name__)

TLS_FAREWELL_SECONDS = 5


class Encryption(Conversation):
    """Adds STARTTLS."""

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        """RFC 3207. What came in clear behind the command is never read as if it had come under TLS."""
        if arg or self.encrypted or not self.tls_context:
            syntax = "501 5.5.4 STARTTLS takes no argument"
            await self.push(syntax if arg else replies.TLS_ACTIVE if self.encrypted else replies.TLS_NOT_HERE)
            return
        if self._buffer:
            self._dismissal = replies.TLS_INJECTION
            return
        await self.push(replies.READY_FOR_TLS)
        await self._flush()
        if not await self._handshake():
            log.info("smtp.handshake_failed", door=self.door.name)
            raise ConnectionAbortedError
        self._reset_timeout()

    async def _handshake(self) -> bool:
        """Put TLS between the transport and us, as aiosmtpd does, with a time limit of its own."""
        original, tls, done = self.transport, self.tls_context, self.loop.create_future()
        assert original is not None
        assert tls is not None
        seconds = self.limits.handshake_seconds
        protocol = sslproto.SSLProtocol(
            self.loop,
            self,
            tls,
            done,
            server_side=True,
            ssl_handshake_timeout=seconds,  # type: ignore[arg-type]
            ssl_shutdown_timeout=TLS_FAREWELL_SECONDS,
        )
        self._tls_protocol, self._original_transport = protocol, original
        original.set_protocol(protocol)
        self.transport = protocol._app_transport
        protocol.connection_made(original)
        try:
            await done
        except OSError:
            original.abort()
        if self.session.ssl is None:  # also when the client left: asyncio then ends the wait without a word
            self.connection_lost(None)
        return self.session.ssl is not None
