"""What is asked of a printer, and what it says (RFC 8011). Bounded in time and in size; nothing it says is trusted.

Every method raises `Trouble` and nothing else: its code says whether the printer was not there, too slow, talked
nonsense or refused. Redirects and proxies are not followed: the address of the settings is the printer.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from urllib.parse import urlsplit

import httpx

from bridge.channels.paper.ipp import encoding
from bridge.channels.paper.ipp.encoding import Answer, Attributes, Given, Tag, Unreadable

PORT = 631
MOST_OCTETS = 2_000_000
"""Of an answer."""
PIECE = 65_536
"""Octets of a document that are written at once."""
MOST_JOBS = 1000
"""That are asked for in one list."""
USER = "postex"
PDF = "application/pdf"


class Operation(IntEnum):
    """RFC 8011 section 5.4.15."""

    CREATE_JOB = 0x0005
    SEND_DOCUMENT = 0x0006
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_JOBS = 0x000A
    GET_PRINTER_ATTRIBUTES = 0x000B


class State(IntEnum):
    """Of a job (RFC 8011 section 5.3.7)."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


NOT_FOUND = 0x0406
NOT_POSSIBLE = 0x0404
BUSY = 0x0507
_GONE = (NOT_FOUND, 0x0407)
_FIRST_REFUSAL = 0x0400
_OF_JOB = (
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "number-of-documents",
    "job-impressions-completed",
    "job-k-octets",
)


class Trouble(Exception):
    """`code` for the job; `status` of IPP where the printer answered."""

    def __init__(self, code: str, status: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Job:
    id: int
    name: str
    state: State
    reasons: frozenset[str]
    documents: int | None
    """That it has; None: the printer does not say."""
    impressions: int | None
    """Completed so far; None: the printer does not say."""
    kilobytes: int | None
    """That it has received."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Of the printer."""

    accepts: bool
    formats: frozenset[str]
    operations: frozenset[int]
    reasons: frozenset[str]


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds."""

    connect: float = 10.0
    answer: float = 30.0
    document: float = 300.0
    """For handing over a document."""


@dataclass(slots=True)
class Printer:
    """One printer. `uri`: ipp://host[:631]/path or ipps://…"""

    uri: str
    context: ssl.SSLContext | bool = True
    times: Times = Times()
    transport: httpx.AsyncBaseTransport | None = None
    _number: int = field(default=0, init=False)

    async def condition(self) -> Condition:
        answer = await self._ask(
            Operation.GET_PRINTER_ATTRIBUTES, (("requested-attributes", Tag.KEYWORD, _OF_PRINTER),)
        )
        found = _first(answer, Tag.PRINTER)
        return Condition(
            found.get("printer-is-accepting-jobs", (True,))[0] is not False,
            _words(found, "document-format-supported"),
            frozenset(each for each in found.get("operations-supported", ()) if isinstance(each, int)),
            _words(found, "printer-state-reasons"),
        )

    async def create(self, name: str, ticket: Iterable[Given]) -> int:
        """A job without a document: nothing is printed yet. Its number."""
        answer = await self._ask(Operation.CREATE_JOB, (("job-name", Tag.NAME, name),), ticket)
        number = _number(_first(answer, Tag.JOB), "job-id")
        if number is None or number < 1:
            raise Trouble("printer-nonsense")
        return number

    async def send(self, job: int, document: bytes) -> None:
        """The one and last document of a job; a job that has it refuses another one (RFC 8011 section 4.3.1)."""
        given: tuple[Given, ...] = (
            ("job-id", Tag.INTEGER, job),
            ("document-format", Tag.MEDIA_TYPE, PDF),
            ("last-document", Tag.BOOLEAN, True),
        )
        await self._ask(Operation.SEND_DOCUMENT, given, document=document, seconds=self.times.document)

    async def job(self, number: int) -> Job | None:
        """None: the printer knows no such job."""
        given: tuple[Given, ...] = (
            ("job-id", Tag.INTEGER, number),
            ("requested-attributes", Tag.KEYWORD, _OF_JOB),
        )
        try:
            answer = await self._ask(Operation.GET_JOB_ATTRIBUTES, given)
        except Trouble as trouble:
            if trouble.status in _GONE:
                return None
            raise
        return _job(_first(answer, Tag.JOB), number)

    async def named(self, name: str) -> list[Job]:
        """Jobs of this name, those under way first."""
        found = []
        for which in ("not-completed", "completed"):
            given: tuple[Given, ...] = (
                ("limit", Tag.INTEGER, MOST_JOBS),
                ("requested-attributes", Tag.KEYWORD, _OF_JOB),
                ("which-jobs", Tag.KEYWORD, which),
            )
            answer = await self._ask(Operation.GET_JOBS, given)
            found += [
                _job(each, _number(each, "job-id") or 0)
                for each in answer.of(Tag.JOB)
                if each.get("job-name", ("",))[0] == name
            ]
        return found

    async def cancel(self, number: int) -> None:
        """Where it can still be."""
        with suppress(Trouble):
            await self._ask(Operation.CANCEL_JOB, (("job-id", Tag.INTEGER, number),))

    async def _ask(
        self,
        operation: Operation,
        given: tuple[Given, ...],
        ticket: Iterable[Given] = (),
        *,
        document: bytes = b"",
        seconds: float = 0,
    ) -> Answer:
        self._number += 1
        whole = (
            ("printer-uri", Tag.URI, self.uri),
            *(each for each in given if each[0] == "job-id"),
            ("requesting-user-name", Tag.NAME, USER),
            *(each for each in given if each[0] != "job-id"),
        )
        groups: list[tuple[Tag, Iterable[Given]]] = [(Tag.OPERATION, whole)]
        if ticket:
            groups.append((Tag.JOB, ticket))
        request = encoding.written(operation, self._number, groups)
        try:
            async with asyncio.timeout(seconds or self.times.answer):
                return _accepted(await self._posted(request + document))
        except (TimeoutError, httpx.TimeoutException):
            raise Trouble("printer-slow") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            raise Trouble("printer-unreachable") from None

    async def _posted(self, content: bytes) -> bytes:
        limits = httpx.Timeout(None, connect=self.times.connect)
        async with (
            httpx.AsyncClient(
                verify=self.context, timeout=limits, trust_env=False, transport=self.transport
            ) as client,
            client.stream(
                "POST",
                http_address(self.uri),
                content=_in_pieces(content),
                headers={
                    "Content-Type": "application/ipp",
                    "Content-Length": str(len(content)),
                    "Accept-Encoding": "identity",
                },
            ) as response,
        ):
            if response.status_code != 200:
                raise Trouble("printer-refused-http")
            return await _bounded(response)


_OF_PRINTER = (
    "printer-is-accepting-jobs",
    "document-format-supported",
    "operations-supported",
    "printer-state-reasons",
)


def http_address(uri: str) -> str:
    """RFC 3510 and RFC 7472."""
    parts = urlsplit(uri)
    scheme = "https" if parts.scheme == "ipps" else "http"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{scheme}://{host}:{parts.port or PORT}{parts.path or '/'}"


async def _in_pieces(content: bytes) -> AsyncIterator[bytes]:
    """What is encrypted at once holds up everybody else."""
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]
        await asyncio.sleep(0)


async def _bounded(response: httpx.Response) -> bytes:
    taken = bytearray()
    async for chunk in response.aiter_raw():
        taken += chunk
        if len(taken) > MOST_OCTETS:
            raise Trouble("printer-nonsense")
    return bytes(taken)


def _accepted(octets: bytes) -> Answer:
    try:
        answer = encoding.read(octets)
    except Unreadable:
        raise Trouble("printer-nonsense") from None
    if not 0 <= answer.status < _FIRST_REFUSAL:
        status = answer.status & 0xFFFF
        raise Trouble("printer-busy" if status == BUSY else f"printer-refused-{status:04x}", status)
    return answer


def _first(answer: Answer, tag: Tag) -> Attributes:
    found = answer.of(tag)
    if not found:
        raise Trouble("printer-nonsense")
    return found[0]


def _job(found: Attributes, number: int) -> Job:
    try:
        state = State(_number(found, "job-state") or 0)
    except ValueError:
        raise Trouble("printer-nonsense") from None
    return Job(
        number,
        str(found.get("job-name", ("",))[0]),
        state,
        _words(found, "job-state-reasons"),
        _number(found, "number-of-documents"),
        _number(found, "job-impressions-completed"),
        _number(found, "job-k-octets"),
    )


def _number(found: Attributes, name: str) -> int | None:
    value = found.get(name, (None,))[0]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _words(found: Attributes, name: str) -> frozenset[str]:
    return frozenset(each for each in found.get(name, ()) if isinstance(each, str))
