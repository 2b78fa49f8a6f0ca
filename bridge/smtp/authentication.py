"""Sign-in of senders: AUTH PLAIN and LOGIN with device passwords (RFC 4954, RFC 4616; security.md, Sign-in).

aiosmtpd parses AUTH and keeps the order of commands; the mechanisms here are coroutines, so that no look-up blocks
the loop, and every outcome carries its answer: a failed one said to be `handled` would leave the client waiting.
"""

# ruff: noqa: N802 - aiosmtpd finds commands and mechanisms by these names

import binascii
from base64 import b64decode
from typing import Any

import structlog
from aiosmtpd.smtp import AuthResult

from bridge.smtp import replies
from bridge.smtp.starttls import Encryption

log = structlog.get_logger(__name__)

_USER_NAME = b"334 VXNlcm5hbWU6"
_PASSWORD = b"334 UGFzc3dvcmQ6"


class NoAnswer(Exception):
    """The exchange ended without user name and password; `reply` says why."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


class Authentication(Encryption):
    """Adds AUTH. `session.auth_data` holds the `SignedIn` afterwards."""

    _failures = 0

    async def smtp_AUTH(self, arg: str | None) -> None:
        if self.envelope.mail_from is not None:
            await self.push(replies.AUTH_IN_MAIL)
            return
        if self.door.offers_starttls and not self.encrypted:
            await self.push(replies.AUTH_NEEDS_TLS)
            return
        mechanism, _, initial = (arg or "").partition(" ")
        await super().smtp_AUTH(f"{mechanism.upper()} {initial}".strip())
        if self._failures >= self.limits.failed_sign_ins:
            self._dismissal = self._dismissal or replies.TOO_MANY_ERRORS

    async def auth_PLAIN(self, _: Any, args: list[str]) -> AuthResult:
        """RFC 4616: authorisation identity NUL user name NUL password."""
        try:
            message = _decoded(args[1].encode()) if len(args) > 1 else await self._asked(b"334 ")
            identity, name, password = _three(message)
        except NoAnswer as end:
            return _refused(end.reply)
        return await self._sign_in(name, password, acts_for_itself=identity in ("", name))

    async def auth_LOGIN(self, _: Any, args: list[str]) -> AuthResult:
        """User name and password asked for one by one; an initial answer is the user name."""
        try:
            name = _decoded(args[1].encode()) if len(args) > 1 else await self._asked(_USER_NAME)
            password = await self._asked(_PASSWORD)
            return await self._sign_in(_text(name), _text(password))
        except NoAnswer as end:
            return _refused(end.reply)

    async def _asked(self, challenge: bytes) -> bytes:
        """The client's decoded answer to `challenge`."""
        await self.push(challenge)
        line = await self._next_line()
        if line == b"*":
            raise NoAnswer(replies.AUTH_ABORTED)
        if len(line) > self.limits.auth_bytes:
            raise NoAnswer(replies.LINE_TOO_LONG)
        return _decoded(line)

    async def _sign_in(self, name: str, password: str, acts_for_itself: bool = True) -> AuthResult:
        """Ask the throttle, then the store; a refusal is held back. Nobody may act for another."""
        throttle = self.office.throttle
        if throttle.check(self.ip) > 0:
            self._failures += 1
            return _refused(replies.AUTH_TOO_MANY)
        signed_in = self.office.sign_in(name, password, self.ip) if acts_for_itself else None
        if signed_in is not None:
            self.enter(signed_in)
            throttle.succeeded(self.ip)
            log.info("smtp.signed_in", door=self.door.name, account=signed_in.account.id)
            return AuthResult(success=True, auth_data=signed_in, message=replies.SIGNED_IN)
        delay = throttle.failed(self.ip, name, throttle.digest(password.encode("utf-8", "replace")))
        log.info("smtp.sign_in_refused", door=self.door.name)
        self._failures += 1
        self._sign_in_until += delay
        self._reset_timeout()
        await throttle.tarpit(delay)
        return _refused(replies.AUTH_REFUSED)


def _refused(reply: str) -> AuthResult:
    return AuthResult(success=False, handled=False, message=reply)


def _decoded(encoded: bytes) -> bytes:
    """Base64; `=` stands for an empty initial answer (RFC 4954 section 4)."""
    if encoded == b"=":
        return b""
    try:
        return b64decode(encoded, validate=True)
    except binascii.Error:
        raise NoAnswer(replies.AUTH_SYNTAX) from None


def _text(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise NoAnswer(replies.AUTH_REFUSED) from None


def _three(message: bytes) -> tuple[str, str, str]:
    parts = _text(message).split("\0")
    if len(parts) != 3:
        raise NoAnswer(replies.AUTH_SYNTAX)
    return parts[0], parts[1], parts[2]
