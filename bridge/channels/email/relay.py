"""One message to one recipient through a relay (RFC 5321, RFC 8314, RFC 3207), with aiosmtplib.

    sent = await send(relay, "bounce+…@example.test", "anna@elsewhere.test", message)

Contract. `send` never raises but for cancellation; what came of it is a `Sent`:

    ACCEPTED    the relay said 250 to the final dot: it has the message
    LATER       not now, or not known: 4xx, silence, nonsense, a broken connection or certificate, and every refusal
                that is about us and not about this message (greeting, EHLO, STARTTLS, AUTH, 530 and 535 to MAIL)
    REFUSED     5xx to this sender, recipient or message, or the relay cannot carry it at all

A connection that breaks behind the final dot is LATER too: the relay may have the message, so that it is sent again
with the same Message-ID. E-mail is delivered at least once (RFC 5321 section 6.1); paper and external mailboxes are
not like that. `code` is an enhanced status code (RFC 3463), made from the reply code where the relay gives none, or
one of `PROBLEMS`: never words of the relay.

TLS 1.2 or later and a verified certificate, always; a relay without STARTTLS gets nothing. Each step has its time.
The library bounds a reply to 32 KiB, refuses control characters in commands, and drops what was sent ahead of TLS.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTP, SMTPResponseException, SMTPServerDisconnected

from bridge.mail.envelope_addresses import envelope_form

PIECE = 65_536
"""Octets of a message that are written at once."""
PROBLEMS = ("timeout", "unreachable", "disconnected", "certificate", "no-tls", "no-auth", "nonsense")
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:[ \n]|$)")
_AUTHENTICATION = frozenset({454, 530, 534, 535, 538})
_BAD_ADDRESS = "5.1.3"
_TOO_LARGE = "5.3.4"
_NEEDS_UTF8_ADDRESS = "5.6.7"
_NEEDS_UTF8_HEADER = "5.6.9"
_NEEDS_8BIT = "5.6.3"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. RFC 5321 section 4.5.3.2 asks for five minutes a command and ten for the end of the data."""

    connect: float = 30.0
    step: float = 300.0
    data: float = 600.0
    goodbye: float = 5.0


@dataclass(frozen=True, slots=True)
class Relay:
    """Where to, and as whom."""

    host: str
    port: int
    tls: Literal["implicit", "starttls"]
    context: ssl.SSLContext = field(repr=False)
    hostname: str
    """What we call ourselves in EHLO."""
    username: str = ""
    password: str = field(default="", repr=False)
    patience: Patience = Patience()


class Fate(StrEnum):
    ACCEPTED = "accepted"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Sent:
    fate: Fate
    code: str = ""


class _Broken(Exception):
    """This attempt is over; `sent` says how."""

    def __init__(self, fate: Fate, code: str) -> None:
        super().__init__(code)
        self.sent = Sent(fate, code)


async def send(relay: Relay, envelope_from: str, recipient: str, message: bytes) -> Sent:
    """`envelope_from` may be empty: the null sender. `message` has CRLF line ends. See the module's contract."""
    try:
        addresses = envelope_form(envelope_from), envelope_form(recipient)
    except ValueError:
        return Sent(Fate.REFUSED, _BAD_ADDRESS)
    try:
        async with _connection(relay) as smtp:
            await _transact(smtp, relay.patience, addresses, message)
    except _Broken as broken:
        return broken.sent
    return Sent(Fate.ACCEPTED, "2.0.0")


@asynccontextmanager
async def _connection(relay: Relay) -> AsyncIterator[SMTP]:
    """Connected, encrypted, signed in; said goodbye to at the end, and closed however it ends."""
    smtp = SMTP(
        hostname=relay.host,
        port=relay.port,
        local_hostname=relay.hostname,
        use_tls=relay.tls == "implicit",
        start_tls=False,
        tls_context=relay.context,
        timeout=relay.patience.step,
    )
    try:
        await _open(smtp, relay)
        yield smtp
        await _leave(smtp, relay.patience)
    finally:
        smtp.close()


async def _open(smtp: SMTP, relay: Relay) -> None:
    """Any refusal here is about us and the relay, so the message can still go later."""
    with _faults(about_us=True):
        await smtp.connect(timeout=relay.patience.connect)
        await smtp.ehlo()
        if relay.tls == "starttls":
            await _encrypt(smtp, relay.patience)
        if relay.username:
            await _sign_in(smtp, relay)


async def _encrypt(smtp: SMTP, patience: Patience) -> None:
    if not smtp.supports_extension("starttls"):
        raise _Broken(Fate.LATER, "no-tls")
    await smtp.starttls(timeout=patience.connect)
    await smtp.ehlo()


async def _sign_in(smtp: SMTP, relay: Relay) -> None:
    """Over TLS only, which `_open` has seen to."""
    offered = smtp.server_auth_methods
    if "plain" in offered:
        await smtp.auth_plain(relay.username, relay.password)
    elif "login" in offered:
        await smtp.auth_login(relay.username, relay.password)
    else:
        raise _Broken(Fate.LATER, "no-auth")


async def _transact(smtp: SMTP, patience: Patience, addresses: tuple[str, str], message: bytes) -> None:
    """MAIL, RCPT, DATA (RFC 5321 section 3.3)."""
    sender, recipient = addresses
    parameters = _parameters(smtp, addresses, message)
    with _faults(about_us=False):
        encoding = "utf-8" if b"SMTPUTF8" in parameters else "ascii"
        mail = b"FROM:<" + sender.encode(encoding) + b">"
        _expect(await smtp.execute_command(b"MAIL", mail, *parameters), 250)
        _expect(await smtp.execute_command(b"RCPT", b"TO:<" + recipient.encode(encoding) + b">"), 250, 251)
        _expect(await smtp.execute_command(b"DATA"), 354)
        async with asyncio.timeout(patience.data):
            await _write(smtp, message)
        _expect(await smtp.execute_command(b".", timeout=patience.data), 250)


async def _write(smtp: SMTP, message: bytes) -> None:
    """A piece at a time, as fast as the relay takes it: what the library does with 50 MB at once holds up all others
    for most of a second.
    """
    for piece in stuffed(message):
        if smtp.protocol is None:
            raise SMTPServerDisconnected("in the data")
        smtp.protocol.write(piece)
        await smtp.protocol._drain_helper()  # of asyncio's own mixin: there is no public way
        await asyncio.sleep(0)


def stuffed(message: bytes) -> Iterator[bytes]:
    """Pieces of whole lines; one that begins with a dot gets another (RFC 5321 section 4.5.2)."""
    start = 0
    while start < len(message):
        end = message.find(b"\r\n", start + PIECE)
        stop = len(message) if end < 0 else end + 2
        piece = message[start:stop].replace(b"\r\n.", b"\r\n..")
        yield b"." + piece if piece.startswith(b".") else piece
        start = stop
    if not message.endswith(b"\r\n"):
        yield b"\r\n"


def _parameters(smtp: SMTP, addresses: tuple[str, str], message: bytes) -> list[bytes]:
    """SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531); _Broken if the relay cannot carry the message."""
    parameters = []
    if smtp.supports_extension("size"):
        limit = smtp.esmtp_extensions["size"].strip()
        if limit.isascii() and limit.isdigit() and 0 < int(limit[:20]) < len(message):
            raise _Broken(Fate.REFUSED, _TOO_LARGE)
        parameters.append(b"SIZE=%d" % len(message))
    if not message.isascii():
        if not smtp.supports_extension("8bitmime"):
            raise _Broken(Fate.REFUSED, _NEEDS_8BIT)
        parameters.append(b"BODY=8BITMIME")
    needs = _needs_utf8(addresses, message)
    if needs is not None:
        if not smtp.supports_extension("smtputf8"):
            raise _Broken(Fate.REFUSED, needs)
        parameters.append(b"SMTPUTF8")
    return parameters


def _needs_utf8(addresses: tuple[str, str], message: bytes) -> str | None:
    """What a relay without SMTPUTF8 would be unable to carry; header lines in no known charset go as they are."""
    if not all(address.isascii() for address in addresses):
        return _NEEDS_UTF8_ADDRESS
    header = message[: message.find(b"\r\n\r\n")] if b"\r\n\r\n" in message else message
    if header.isascii():
        return None
    try:
        header.decode()
    except UnicodeDecodeError:
        return None
    return _NEEDS_UTF8_HEADER


def _expect(response: aiosmtplib.SMTPResponse, *codes: int) -> None:
    if response.code not in codes:
        raise SMTPResponseException(response.code, response.message)


async def _leave(smtp: SMTP, patience: Patience) -> None:
    """QUIT is good manners only: the message is accepted whatever comes of it."""
    try:
        await smtp.quit(timeout=patience.goodbye)
    except (aiosmtplib.SMTPException, OSError, ValueError):
        return


@contextmanager
def _faults(*, about_us: bool) -> Iterator[None]:
    """Everything that a step can raise, as `_Broken`. Cancellation passes."""
    try:
        yield
    except _Broken:
        raise
    except SMTPResponseException as error:
        raise _answered(error.code, error.message, about_us) from None
    except Exception as error:  # noqa: BLE001 - the contract: nothing that a relay does is our fault
        raise _Broken(Fate.LATER, _problem(error)) from None


def _problem(error: Exception) -> str:
    cause = error.__cause__
    if isinstance(error, ssl.SSLError) or isinstance(cause, ssl.SSLError):
        return "certificate"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, SMTPServerDisconnected) or isinstance(cause, SMTPServerDisconnected):
        return "disconnected"
    return "unreachable" if isinstance(error, OSError) else "nonsense"


def _answered(code: int, text: str, about_us: bool) -> _Broken:
    """By the reply code, which alone is required to be right (RFC 5321 section 4.2)."""
    if not 400 <= code <= 599:
        return _Broken(Fate.LATER, "nonsense")
    refused = code >= 500 and not about_us and code not in _AUTHENTICATION
    return _Broken(Fate.REFUSED if refused else Fate.LATER, _enhanced(code, text))


def _enhanced(code: int, text: str) -> str:
    """RFC 2034: at the start of the text, of the same class as the reply."""
    found = _ENHANCED.match(text)
    if found is not None and found[1][0] == str(code)[0]:
        return found[1]
    return f"{code // 100}.0.0"
