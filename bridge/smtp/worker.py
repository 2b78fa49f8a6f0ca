"""A worker process: prepares hand-ins, one after the other, for the bridge that started it.

    python -m bridge.smtp.worker DESCRIPTOR          a socket to the bridge

Frames in both directions: four bytes of length, then a pickle. First comes a `Task`, answered by `READY`; then an
`Arrival` in, and its `Prepared` or the error that it met out, in the same order. Pickles are read from the bridge's
own socket alone. When the bridge is gone the socket ends, and so does the worker; signals to the group are the
bridge's to act on.
"""

import copyreg
import pickle
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field, fields
from operator import attrgetter
from pathlib import Path
from struct import Struct
from typing import Any

from bridge import process
from bridge.channels.sealing import Placed
from bridge.mail.facts import HeaderFacts
from bridge.smtp import handin
from storage.engine.bodies import FileBodies
from storage.keys.envelope import SealedDocument

READY = "ready"
LENGTH = Struct(">I")
BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs for its life."""

    bodies: Path
    dedupe_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fault:
    """An error that is none of ours: its type is told, its words stay here."""

    kind: str


def _pickled_by_call(record: type) -> None:
    """As a call with all fields: a dataclass left to itself lists its fields anew each time, at twice the cost."""
    values = attrgetter(*(each.name for each in fields(record)))
    copyreg.pickle(record, lambda value: (record, values(value)))


for each in (handin.Arrival, handin.Prepared, Placed, SealedDocument, HeaderFacts):
    _pickled_by_call(each)


def encode(value: object) -> bytes:
    """One frame."""
    payload = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(payload)) + payload


def main(descriptor: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    process.forbid_core_dumps()
    process.keep_memory()
    with suppress(ConnectionError), socket.socket(fileno=descriptor) as connection:
        _serve(connection)


def _serve(connection: socket.socket) -> None:
    """Until the bridge is gone; ConnectionError: it went without hearing the last answer."""
    with connection.makefile("rb", BUFFER) as stream:
        if (task := _next(stream)) is None:
            return
        bodies = FileBodies(task.bodies)
        connection.sendall(encode(READY))
        while (arrival := _next(stream)) is not None:
            connection.sendall(encode(_outcome(arrival, task, bodies)))


def _next(stream: Any) -> Any:
    """The next value; None at the end of the stream, also where that cuts a frame."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    payload = stream.read(length)
    return pickle.loads(payload) if len(payload) == length else None  # noqa: S301 - from the bridge, see above


def _outcome(arrival: handin.Arrival, task: Task, bodies: FileBodies) -> object:
    try:
        return handin.prepare(arrival, task.dedupe_key, bodies)
    except handin.EXPECTED as error:
        return error
    except Exception as error:  # noqa: BLE001 - the client gets an answer, and the worker goes on
        return Fault(type(error).__name__)


if __name__ == "__main__":
    main(int(sys.argv[1]))
