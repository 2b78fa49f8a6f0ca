"""What a process did to its files, in order, read from `strace`.

`record(command, root)` runs a command under strace and returns the events that concern files below `root`, plus
`Sent` for what went to a socket and `Mark` for each line the process wrote to the file named `MARKS`: that is how a
driver says «this is acknowledged now». A write counts from the moment the call begins, a sync only once it returned.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MARKS = "marks"
CALLS = (
    "openat,close,lseek,write,pwrite64,writev,pwritev,fsync,fdatasync,ftruncate,"
    "rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,sendto,sendmsg"
)
needs_strace = shutil.which("strace") is None


@dataclass(frozen=True, slots=True)
class Created:
    path: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class MadeFolder:
    path: str


@dataclass(frozen=True, slots=True)
class Written:
    path: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """A file or folder whose earlier changes are on the platter now."""

    path: str


@dataclass(frozen=True, slots=True)
class Renamed:
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Unlinked:
    path: str


@dataclass(frozen=True, slots=True)
class Sent:
    data: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    text: str


Event = Created | MadeFolder | Written | Truncated | Synced | Renamed | Unlinked | Sent | Mark

LINE = re.compile(r"^(\d+)\s+(?:<\.\.\. (\w+) resumed>(.*)|(\w+)\((.*))$", re.DOTALL)
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
DESCRIPTOR = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>")
RESULT = re.compile(r"\)\s+= (-?\d+)")


def text_of(hexed: str) -> bytes:
    return bytes.fromhex(hexed.replace("\\x", ""))


class Trace:
    """Reads strace's lines; keeps file positions, as `write` carries none."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.positions: dict[int, int] = {}
        self.begun: dict[str, str] = {}

    def events(self, lines: Iterator[str]) -> Iterator[Event]:
        for line in lines:
            match = LINE.match(line)
            if match is None:
                continue
            pid, resumed, rest, call, arguments = match.groups()
            if call is not None:
                yield from self.entered(call, arguments)
                if "<unfinished ...>" in arguments:
                    self.begun[pid] = arguments
                else:
                    yield from self.returned(call, arguments, arguments)
            elif pid in self.begun:
                yield from self.returned(resumed, self.begun.pop(pid), rest)

    def inside(self, path: str) -> bool:
        return path.startswith(self.root + "/") and not path.endswith(("-shm", "/lock"))

    def entered(self, call: str, arguments: str) -> Iterator[Event]:
        """What may have happened as soon as the call began."""
        if call in ("sendto", "sendmsg"):
            yield Sent(b"".join(text_of(found) for found in STRING.findall(arguments)))
        descriptor = DESCRIPTOR.match(arguments)
        if descriptor is None or call not in ("write", "pwrite64", "writev", "pwritev", "ftruncate"):
            return
        number, path = int(descriptor[1]), text_of(descriptor[2]).decode(errors="replace")
        if not self.inside(path):
            return
        if call == "ftruncate":
            yield Truncated(path, int(re.search(r">, (\d+)", arguments)[1]))  # type: ignore[index]
            return
        data = b"".join(text_of(found) for found in STRING.findall(arguments[descriptor.end() :]))
        if path == f"{self.root}/{MARKS}":
            yield from (Mark(line) for line in data.decode().splitlines())
            return
        if call.startswith("pwrite"):
            offset = int(re.search(r", (\d+)(?:\)| <unfinished)", arguments[-60:])[1])  # type: ignore[index]
        else:
            offset = self.positions.get(number, 0)
            self.positions[number] = offset + len(data)
        yield Written(path, offset, data)

    def returned(self, call: str, arguments: str, ending: str) -> Iterator[Event]:
        """What is certain once the call succeeded."""
        result = RESULT.search(ending)
        if result is None or int(result[1]) < 0:
            return
        paths = [text_of(found).decode(errors="replace") for found in STRING.findall(arguments)]
        if call == "openat":
            yield from self.opened(paths[0], arguments, int(result[1]))
        elif call == "lseek" and (descriptor := DESCRIPTOR.match(arguments)):
            self.positions[int(descriptor[1])] = int(result[1])
        elif call in ("fsync", "fdatasync") and (descriptor := DESCRIPTOR.match(arguments)):
            path = text_of(descriptor[2]).decode(errors="replace")
            if self.inside(path) or path == self.root:
                yield Synced(path)
        elif call.startswith("rename") and self.inside(paths[-1]):
            yield Renamed(paths[-2], paths[-1])
        elif call.startswith("unlink") and self.inside(paths[-1]):
            yield Unlinked(paths[-1])
        elif call.startswith("mkdir") and self.inside(paths[-1]):
            yield MadeFolder(paths[-1])

    def opened(self, path: str, arguments: str, number: int) -> Iterator[Event]:
        self.positions[number] = 0
        if self.inside(path) and "O_CREAT" in arguments and path != f"{self.root}/{MARKS}":
            yield Created(path, "O_TRUNC" in arguments)


def tracing(trace: Path) -> tuple[str, ...]:
    """What to put before a command to have its calls in `trace`; -D: the command keeps the process id."""
    options = ("-D", "-f", "-y", "-xx", "-s", "4000000", "-e", f"trace={CALLS}", "-e", "signal=none")
    return ("strace", *options, "-o", str(trace))


def record(command: list[str], root: Path, trace: Path, *, seconds: float = 120) -> list[Event]:
    """Run `command` to its end under strace; absolute paths below `root` are what counts."""
    subprocess.run([*tracing(trace), *command], check=True, timeout=seconds, stdout=subprocess.DEVNULL)
    return read(trace, root)


def read(trace: Path, root: Path) -> list[Event]:
    """The events of a trace whose process has ended; strace itself may end a little later."""
    deadline = time.monotonic() + 20
    while b"+++ exited with" not in trace.read_bytes()[-200:]:
        assert time.monotonic() < deadline, "strace did not come to an end"
        time.sleep(0.05)
    with trace.open(encoding="ascii", errors="replace") as lines:
        return list(Trace(root.resolve()).events(lines))
