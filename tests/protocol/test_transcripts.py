"""Sessions of `transcripts/imap/*.txt` played to `connection`, at once and byte by byte.

A line of a transcript begins with what it is:

    #   remark
    C:  a line from the client, CRLF added
    B:  bytes from the client as Python bytes literals, each repeated at will (`b'x' * 3 + b'y'`), nothing added
    S:  what the protocol layer answers itself, CRLF left out
    E:  an event for the session, fields of default value left out
    !   what the session does: signed-in [message limit], challenge [text], idle, utf8, silence (nothing more to say)

C and B only hand bytes over; each S and E takes the next event. So what stands under several C lines shows what came
of commands in one read.
"""

import ast
import dataclasses
from collections.abc import Callable
from enum import Enum
from pathlib import Path

import pytest

from bridge.imap.protocol.commands import SequenceSet
from bridge.imap.protocol.connection import Connection, Continue, Event, Goodbye, Refusal, after_sign_in

TRANSCRIPTS = sorted((Path(__file__).parent / "transcripts" / "imap").glob("*.txt"))


def spelled(pieces: str) -> bytes:
    """The bytes of a B line."""
    parted = (piece.partition(" * ") for piece in pieces.split(" + "))
    return b"".join(ast.literal_eval(literal) * int(times or 1) for literal, _, times in parted)


def told(value: object) -> str:
    """An event or a field of one, as a transcript writes it."""
    if isinstance(value, SequenceSet):
        return ",".join(
            f"{low or '*'}:{high or '*'}" if low != high else f"{low or '*'}" for low, high in value.ranges
        )
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, frozenset):
        return "{" + " ".join(sorted(value)) + "}"
    if isinstance(value, tuple):
        return "(" + " ".join(map(told, value)) + ")"
    if dataclasses.is_dataclass(value):
        fields = (field for field in dataclasses.fields(value) if getattr(value, field.name) != field.default)
        inside = " ".join(f"{field.name}={told(getattr(value, field.name))}" for field in fields)
        return f"{type(value).__name__}({inside})"
    return repr(value)


def answered(event: Event | None) -> str:
    if event is None:
        return "! silence"
    if isinstance(event, Continue | Refusal | Goodbye):
        return "S: " + event.wire.decode("ascii").removesuffix("\r\n")
    return "E: " + told(event)


def at_once(connection: Connection, data: bytes) -> None:
    connection.receive(data)


def byte_by_byte(connection: Connection, data: bytes) -> None:
    for place in range(len(data)):
        connection.receive(data[place : place + 1])


def act(connection: Connection, action: str) -> str:
    """What the session does, and the line that it thereby sends."""
    match action.split():
        case ["signed-in", *message]:
            connection.limits = after_sign_in(int(message[0]) if message else 1_000_000)
        case ["challenge", *words]:
            return connection.challenge(" ".join(words).encode()).decode()
        case ["idle"]:
            return connection.idle().decode()
        case ["utf8"]:
            connection.utf8 = True
        case ["silence"]:
            assert connection.next_event() is None
        case _:
            raise ValueError(action)
    return ""


@pytest.mark.parametrize("feed", [at_once, byte_by_byte])
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path, feed: Callable[[Connection, bytes], None]) -> None:
    connection = Connection()
    sent = ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        kind, _, rest = line.partition(" ")
        if kind == "C:":
            feed(connection, rest.encode() + b"\r\n")
        elif kind == "B:":
            feed(connection, spelled(rest))
        elif kind == "!":
            sent = act(connection, rest)
        elif kind == "S:" and sent:
            assert (number, "S: " + sent.removesuffix("\r\n")) == (number, line)
            sent = ""
        elif kind in ("S:", "E:"):
            assert (number, answered(connection.next_event())) == (number, line)
        else:
            assert not line or line.startswith("#"), f"line {number} of the transcript is of no known kind"
    assert connection.next_event() is None


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) >= 8
