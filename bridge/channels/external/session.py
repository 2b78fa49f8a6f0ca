"""A conversation with an IMAP account that somebody else runs (RFC 3501, RFC 8314, RFC 5530), step by step.

    async with opened(doorway, host, port) as session:
        await session.sign_in(username, password)
        await session.holds(folder, our_id, their_id) or await session.append(folder, message)

Contract. TLS from the first byte, certificate and name verified; nothing is ever said in clear. Each step has its
time. What goes wrong is a `Trouble` with a code of ours and never a word of the server; `Blame` says whom to ask.
"""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from aioimaplib.aioimaplib import AUTH, Command, Response

from bridge.channels.external import hosts
from bridge.channels.external.wire import NONSENSE, Wire

MOST_HITS = 20
APPEND_SECONDS = 300.0
_CODE = re.compile(rb"\[([A-Z][A-Z0-9-]{0,40})[ \]]")
_PLAIN = re.compile(r"[ -~]{1,900}")
_OTHER = re.compile(r"[^ -~]+")
_WRONG = frozenset({"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED"})
_BUSY = frozenset({"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CONTACTADMIN", "OVERQUOTA"})
_NO_FOLDER = frozenset({"TRYCREATE", "NONEXISTENT", "NOPERM", "CANNOT"})


class Blame(Enum):
    """Who or what has to change."""

    TIME = auto()
    """Nothing: it may go later."""
    PASSWORD = auto()
    PERHAPS_PASSWORD = auto()
    """It said no and not why."""
    FOLDER = auto()
    MESSAGE = auto()
    """It will never take this one."""


class Trouble(Exception):
    """A step failed."""

    def __init__(self, blame: Blame, problem: str) -> None:
        super().__init__(problem)
        self.blame = blame
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds a step may take."""

    connect: float = 20.0
    step: float = 30.0
    append: float = APPEND_SECONDS


@dataclass(frozen=True, slots=True)
class Doorway:
    """How accounts elsewhere are reached, by the settings."""

    context: ssl.SSLContext = field(repr=False)
    private: bool = False
    """Whether names may lead into private networks."""
    patience: Patience = Patience()


@asynccontextmanager
async def opened(doorway: Doorway, host: str, port: int) -> AsyncIterator["Session"]:
    """Connected and greeted; Trouble. Closed however it ends."""
    loop = asyncio.get_running_loop()
    wire = Wire(loop)
    try:
        await _connect(loop, wire, doorway, host, port)
        session = Session(wire, doorway.patience)
        await session.greeted()
        yield session
    finally:
        wire.close_now()


async def _connect(loop: asyncio.AbstractEventLoop, wire: Wire, doorway: Doorway, host: str, port: int) -> None:
    """The first address that answers."""
    problem = "unreachable"
    try:
        async with asyncio.timeout(doorway.patience.connect):
            for address in await hosts.addresses(host, port, private=doorway.private):
                try:
                    await loop.create_connection(
                        lambda: wire, address, port, ssl=doorway.context, server_hostname=host
                    )
                    return
                except ssl.SSLError:
                    problem = "certificate"
                except OSError:
                    continue
    except TimeoutError:
        problem = "timeout"
    except hosts.NoSuchHost:
        problem = "no-such-host"
    raise Trouble(Blame.TIME, problem)


class Session:
    """Steps in their order; none after a Trouble."""

    def __init__(self, wire: Wire, patience: Patience) -> None:
        self._wire = wire
        self._patience = patience

    async def greeted(self) -> None:
        await self._step(self._patience.connect, self._wire.wait("AUTH|NONAUTH"))

    async def sign_in(self, username: str, password: str) -> None:
        """SASL PLAIN in one step where it is offered (RFC 4959), which takes any character; else LOGIN."""
        if {"AUTH=PLAIN", "SASL-IR"} <= self._wire.capabilities:
            response = b"\0".join((b"", username.encode(), password.encode()))
            call = self._command("AUTHENTICATE", "PLAIN", base64.b64encode(response).decode())
        elif "LOGINDISABLED" in self._wire.capabilities or not _PLAIN.fullmatch(username + password):
            raise Trouble(Blame.PASSWORD, "no-sign-in")
        else:
            call = self._command("LOGIN", quoted(username), quoted(password))
        answer = await self._step(self._patience.step, call)
        if answer.result != "OK":
            raise _sign_in_trouble(answer)
        self._wire.state = AUTH

    async def status(self, folder: str) -> None:
        """Trouble unless there is such a folder."""
        call = self._command("STATUS", _named(folder), "(MESSAGES)")
        answer = await self._step(self._patience.step, call)
        if answer.result != "OK":
            raise Trouble(Blame.FOLDER, "no-folder")

    async def holds(self, folder: str, our_id: str, their_id: str | None) -> bool:
        """Whether a document that we gave `our_id` lies there. Servers that cannot search for our field are asked for
        the Message-ID, and the answers looked at: others may have that one too.
        """
        answer = await self._step(self._patience.step, self._wire.select(_named(folder)))
        if answer.result != "OK":
            raise _refusal(answer)
        if await self._search("Resent-Message-ID", our_id):
            return True
        if their_id is None or not _PLAIN.fullmatch(their_id):
            return False
        return await self._among(await self._search("Message-ID", their_id), our_id)

    async def append(self, folder: str, message: bytes) -> None:
        """On return the server has said that it has it."""
        call = self._wire.append(message, _named(folder))
        answer = await self._step(self._patience.append, call)
        if answer.result != "OK":
            raise _refusal(answer)

    async def _search(self, field_name: str, value: str) -> list[str]:
        call = self._wire.search("HEADER", field_name, quoted(value), charset=None, by_uid=True)
        answer = await self._step(self._patience.step, call)
        if answer.result != "OK":
            raise _refusal(answer)
        words = b" ".join(bytes(line) for line in answer.lines[:-1]).split()
        return [word.decode() for word in words if word.isdigit() and len(word) <= 10]

    async def _among(self, uids: list[str], our_id: str) -> bool:
        """The latest of them are looked at."""
        if not uids:
            return False
        wanted = ",".join(uids[-MOST_HITS:])
        items = "(BODY.PEEK[HEADER.FIELDS (RESENT-MESSAGE-ID)])"
        answer = await self._step(self._patience.step, self._wire.fetch(wanted, items, by_uid=True))
        return our_id.encode() in b"\n".join(bytes(line) for line in answer.lines)

    def _command(self, name: str, *arguments: str) -> Coroutine[Any, Any, Any]:
        return self._wire.execute(Command(name, self._wire.new_tag(), *arguments, loop=self._wire.loop))  # type: ignore[no-any-return]

    async def _step(self, seconds: float, call: Coroutine[Any, Any, Any]) -> Response:
        """The answer; Trouble as soon as there will be none."""
        wire, loop = self._wire, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds if wire.problem is None else 0) as limit:
                wire.watch(lambda: limit.reschedule(loop.time()))
                try:
                    return await call
                finally:
                    wire.watch(None)
        except TimeoutError:
            raise Trouble(Blame.TIME, wire.problem or "timeout") from None
        except Trouble:
            raise
        except Exception:  # noqa: BLE001 - the library's, on nonsense
            raise Trouble(Blame.TIME, wire.problem or NONSENSE) from None


def quoted(text: str) -> str:
    """RFC 3501 section 4.3. ValueError: it cannot stand in quotes."""
    if not re.fullmatch(r"[ -~]*", text):
        raise ValueError("not printable ASCII")
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _named(folder: str) -> str:
    """Quoted, in modified UTF-7 (RFC 3501 section 5.1.3)."""
    return quoted(_OTHER.sub(_shifted, folder.replace("&", "&-")))


def _shifted(found: re.Match[str]) -> str:
    encoded = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=")
    return f"&{encoded.replace('/', ',')}-"


def _code(answer: Response) -> str:
    """The response code (RFC 5530); empty if there is none."""
    found = _CODE.match(bytes(answer.lines[-1])) if answer.lines else None
    return "" if found is None else found[1].decode()


def _sign_in_trouble(answer: Response) -> Trouble:
    code = _code(answer)
    if code in _WRONG:
        return Trouble(Blame.PASSWORD, "sign-in-refused")
    if code in _BUSY or answer.result != "NO":
        return Trouble(Blame.TIME, "sign-in-not-now")
    return Trouble(Blame.PERHAPS_PASSWORD, "sign-in-refused")


def _refusal(answer: Response) -> Trouble:
    code = _code(answer)
    if code in _NO_FOLDER:
        return Trouble(Blame.FOLDER, "no-folder")
    if code == "TOOBIG":
        return Trouble(Blame.MESSAGE, "too-big")
    return Trouble(Blame.TIME, "over-quota" if code == "OVERQUOTA" else "refused")
