"""One client's byte stream as events: the state machine of the protocol, without sockets, clocks or storage.

    connection = Connection()
    for event in connection.receive(data):      # lazily: what the session does with one event holds for the next
        ...

`receive` keeps `data` and returns `events()`, which parses one command at a time as it is asked. So a session may
change the rules between two commands that came in one read: after sign-in it sets `limits`, after ENABLE UTF8=ACCEPT
`utf8`. Abandoning the iterator loses nothing; `events()` goes on where it stopped.

| event | the server does |
|---|---|
| Command (of `commands`) | executes it |
| Continue, Refusal, Goodbye | sends its `wire`; Goodbye is the last event, then it closes |
| SaslResponse, SaslAborted | goes on with, or ends by BAD, the AUTHENTICATE for which it called `challenge` |
| IdleEnded | ends the IDLE for which it called `idle`, tagged OK if `done`, else BAD |

| state | what the bytes are | leaves by |
|---|---|---|
| COMMAND | a command's text, up to a CRLF | LITERAL at an announcement `{n}`; `challenge`, `idle` |
| LITERAL | `n` bytes of a literal | COMMAND when they are there |
| SKIP_LINE | the rest of a refused line | COMMAND; SKIP_LITERAL where it announces `{n+}` |
| SKIP_LITERAL | a literal that is refused but already under way | SKIP_LINE |
| SASL | one line of a SASL exchange, RFC 3501 section 6.2.2 | COMMAND |
| IDLE | DONE, RFC 2177 | COMMAND |
| CLOSED | nothing any more | |

A refused command never reaches the session; its answer is the Refusal. Memory is bounded by `limits`, plus what the
caller feeds without asking for events (`buffered`).

Taken although the grammar does not have it: empty lines between commands (clients that end an APPEND with one CRLF
too many); DONE outside IDLE (pipelined by iOS behind an IDLE that was refused); empty lines in IDLE; a command in
IDLE without DONE, which ends the IDLE with BAD and is then executed.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum, auto
from io import BytesIO

from bridge.imap.protocol import responses
from bridge.imap.protocol.access_commands import sasl_response
from bridge.imap.protocol.buffer import LineBuffer, LineTooLong
from bridge.imap.protocol.errors import ParseError, ProtocolError, Status, TooBig
from bridge.imap.protocol.events import Continue, Event, Goodbye, IdleEnded, Refusal, SaslAborted, SaslResponse
from bridge.imap.protocol.lexer import MAX_TAG
from bridge.imap.protocol.limits import BEFORE_SIGN_IN, KIB, MIB, Limits, after_sign_in
from bridge.imap.protocol.parser import check_verb, parse, tag_of

__all__ = [
    "BEFORE_SIGN_IN",
    "KIB",
    "MIB",
    "Connection",
    "Continue",
    "Event",
    "Goodbye",
    "IdleEnded",
    "Limits",
    "Refusal",
    "SaslAborted",
    "SaslResponse",
    "after_sign_in",
]


class _State(Enum):
    COMMAND = auto()
    LITERAL = auto()
    SKIP_LINE = auto()
    SKIP_LITERAL = auto()
    SASL = auto()
    IDLE = auto()
    CLOSED = auto()


_ANNOUNCEMENT = re.compile(rb"\{([0-9]{1,40})(\+?)\}\Z")
_MAILBOX_BY_LITERAL = re.compile(rb"[^ ]+ APPEND \{", re.IGNORECASE)


class Connection:
    """See the module."""

    __slots__ = (
        "_bad",
        "_buffer",
        "_discarded",
        "_literal",
        "_literals",
        "_missing",
        "_queue",
        "_small",
        "_state",
        "_text",
        "_verb",
        "limits",
        "utf8",
    )

    def __init__(self, limits: Limits = BEFORE_SIGN_IN) -> None:
        self.limits = limits
        self.utf8 = False
        self._buffer = LineBuffer()
        self._queue: deque[Event] = deque()
        self._state = _State.COMMAND
        self._bad = 0
        self._begin()

    # --- what the server calls ---

    @property
    def buffered(self) -> int:
        """Bytes received and not looked at: stop reading from the socket while this is large."""
        return len(self._buffer)

    @property
    def held(self) -> int:
        """Bytes kept for the client: not looked at, and of the literal that is coming in."""
        return len(self._buffer) + self._literal.tell()

    def receive(self, data: bytes) -> Iterator[Event]:
        """Keeps `data` at once; the events are made as they are asked for."""
        if self._state is not _State.CLOSED:
            self._buffer.feed(data)
        return self.events()

    def events(self) -> Iterator[Event]:
        """What the bytes so far say."""
        while (event := self.next_event()) is not None:
            yield event

    def next_event(self) -> Event | None:
        """The next event, None where more bytes are needed."""
        while not self._queue:
            if not _STEPS[self._state](self):
                return None
        return self._queue.popleft()

    def challenge(self, data: bytes) -> bytes:
        """Awaits a SASL response → the line that asks for it.

        Call it on Authenticate or SaslResponse, before the next event.
        """
        self._state = _State.SASL
        return responses.challenge(data)

    def idle(self) -> bytes:
        """Awaits DONE → the line that tells so. Call it on Idle, before the next event."""
        self._state = _State.IDLE
        return responses.continuation("idling")

    def discard_input(self) -> int:
        """Forgets what came in before TLS began (RFC 3501 section 6.2.1) → how many bytes; any is an attack."""
        return self._buffer.clear()

    def close(self) -> None:
        """No more events: LOGOUT was executed or the client revoked."""
        self._queue.clear()
        self._buffer.clear()
        self._begin()
        self._state = _State.CLOSED

    # --- one step for each state: True where something was done, False where bytes are missing ---

    def _command(self) -> bool:
        try:
            line = self._buffer.line(self.limits.line - len(self._text))
        except LineTooLong:
            head = self._head() or self._buffer.head(MAX_TAG + 1)
            self._begin()
            self._state = _State.SKIP_LINE
            self._refuse(ParseError("Line too long"), head)
            return True
        if line is None:
            return False
        self._take_line(line)
        return True

    def _take_literal(self) -> bool:
        self._missing -= self._buffer.move(self._missing, self._literal)
        if self._missing:
            return False
        self._literals.append(self._literal.getvalue())
        self._state = _State.COMMAND
        return True

    def _skip_line(self) -> bool:
        before = len(self._buffer)
        tail = self._buffer.skip_line()
        if not self._may_discard(before - len(self._buffer)):
            return True
        if tail is None:
            return False
        announced = _ANNOUNCEMENT.search(tail)
        if announced and announced[2]:
            self._skip(int(announced[1]))
        else:
            self._begin()
        return True

    def _skip_literal(self) -> bool:
        self._missing -= self._buffer.skip(self._missing)
        if self._missing:
            return False
        self._state = _State.SKIP_LINE
        return True

    def _sasl(self) -> bool:
        try:
            line = self._buffer.line(self.limits.line)
        except LineTooLong:
            self._queue.append(SaslAborted("Line too long"))
            self._state = _State.SKIP_LINE
            return True
        if line is None:
            return False
        self._state = _State.COMMAND
        self._queue.append(_sasl_event(line))
        return True

    def _await_done(self) -> bool:
        try:
            line = self._buffer.line(self.limits.line)
        except LineTooLong:
            self._queue.append(IdleEnded(done=False))
            self._state = _State.COMMAND
            return True
        if line is None:
            return False
        word = line.strip().upper()
        if word:
            self._state = _State.COMMAND
            self._queue.append(IdleEnded(word == b"DONE"))
        if word not in (b"", b"DONE"):
            self._take_line(line)
        return True

    def _stay_closed(self) -> bool:
        return False

    # --- assembling a command ---

    def _begin(self) -> None:
        """Nothing of the next command is there."""
        self._state = _State.COMMAND
        self._text = bytearray()
        self._literals: list[bytes] = []
        self._literal = BytesIO()
        self._verb = ""
        self._missing = self._small = self._discarded = 0

    def _head(self) -> bytes:
        """The first bytes of the command, enough for its tag."""
        return bytes(self._text[: MAX_TAG + 1])

    def _take_line(self, line: bytes) -> None:
        announced = _ANNOUNCEMENT.search(line, max(0, len(line) - 64))
        if announced is None:
            self._finish(line)
        else:
            self._text += line + b"\r\n"
            self._announce(int(announced[1]), waits=not announced[2])

    def _finish(self, line: bytes) -> None:
        text = bytes(self._text) + line if self._text else line
        literals = self._literals
        self._begin()
        if not literals and text.strip().upper() in (b"", b"DONE"):
            return
        try:
            command = parse(text, literals, depth=self.limits.depth, utf8=self.utf8)
        except ProtocolError as error:
            self._refuse(error, text)
        else:
            self._bad = 0
            self._queue.append(command)

    def _announce(self, size: int, *, waits: bool) -> None:
        """A literal is to come; `waits`: only once it is asked for."""
        try:
            self._admit(size)
        except ProtocolError as error:
            head = self._head()
            self._begin()
            self._refuse(error, head)
            if not waits and self._state is not _State.CLOSED:
                self._skip(size)
            return
        self._literal = BytesIO()
        self._missing = size
        self._state = _State.LITERAL
        if waits:
            self._queue.append(Continue())

    def _admit(self, size: int) -> None:
        """ProtocolError where a literal of `size` may not follow the text so far."""
        if not self._literals:
            self._verb = check_verb(bytes(self._text))
        if self._is_message():
            if size > self.limits.message:
                raise TooBig
            parse(bytes(self._text), [*self._literals, b""], depth=self.limits.depth, utf8=self.utf8)
            return
        self._small += size
        if size > self.limits.literal or self._small > self.limits.literals:
            raise ParseError("Literal too long")

    def _is_message(self) -> bool:
        """Whether the literal announced last is the message of APPEND, not its mailbox name."""
        if self._verb != "APPEND" or not self.limits.message:
            return False
        return len(self._literals) == (1 if _MAILBOX_BY_LITERAL.match(self._text) else 0)

    def _skip(self, size: int) -> None:
        """A literal that comes unasked is thrown away, within reason."""
        if self._may_discard(size):
            self._missing = size
            self._state = _State.SKIP_LITERAL

    def _may_discard(self, count: int) -> bool:
        """Counts what is thrown away of one command; the connection ends where it is too much."""
        self._discarded += count
        if self._discarded > self.limits.discard:
            self._end("Far more than a command takes")
            return False
        return True

    # --- refusing ---

    def _refuse(self, error: ProtocolError, text: bytes) -> None:
        error.__traceback__ = error.__context__ = None  # they hold what the client sent
        self._queue.append(Refusal(tag_of(text), error))
        if error.status is not Status.BAD:
            return
        self._bad += 1
        if self._bad > self.limits.bad_commands:
            self._end("Too many commands that cannot be understood")

    def _end(self, text: str) -> None:
        self._queue.append(Goodbye(text))
        self._buffer.clear()
        self._begin()
        self._state = _State.CLOSED


_STEPS: dict[_State, Callable[[Connection], bool]] = {
    _State.COMMAND: Connection._command,
    _State.LITERAL: Connection._take_literal,
    _State.SKIP_LINE: Connection._skip_line,
    _State.SKIP_LITERAL: Connection._skip_literal,
    _State.SASL: Connection._sasl,
    _State.IDLE: Connection._await_done,
    _State.CLOSED: Connection._stay_closed,
}


def _sasl_event(line: bytes) -> SaslResponse | SaslAborted:
    """`*` cancels, anything else is base64 (an empty line is the empty response)."""
    if line == b"*":
        return SaslAborted("Cancelled")
    try:
        return SaslResponse(sasl_response(line))
    except ParseError as error:
        return SaslAborted(error.text)
