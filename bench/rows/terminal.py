"""The terminal app before a running bridge: how soon it is there, and whether it ever lets one wait.

The real program runs in a pseudo-terminal of 140 × 45 and draws all it draws. A key counts from its bytes to the end
of the first drawing that follows; a callback of the app's loop counts in processor time.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import crowd
from bench.clients.terminal import Terminal
from bench.clients.terminal_app import TOKEN
from bench.rows.row import OURS, Measurement, Row, Samples, Scale, below, percentile
from bench.servers.base import Server
from bench.servers.postex import Postex
from storage.database import Store
from storage.keys.master import MasterKey
from storage.records import Role

_LARGE = (140, 45)
_SEQUENCES = {
    "down": b"\x1b[B",
    "up": b"\x1b[A",
    "pagedown": b"\x1b[6~",
    "pageup": b"\x1b[5~",
    "end": b"\x1b[F",
    "ctrl+end": b"\x1b[1;5F",
    "home": b"\x1b[H",
    "enter": b"\r",
    "escape": b"\x1b",
    "backspace": b"\x7f",
    "space": b" ",
    "tab": b"\t",
}
_MOVES = "down down pagedown up pageup down pagedown ctrl+end pagedown"
_LISTS = (
    (
        "accounts",
        Role.DOMAIN_ADMIN,
        rb"\d{7}@bench\.test",
        f"{_MOVES} home space space end / 1 2 backspace backspace enter r down enter escape",
    ),
    ("audit", Role.AUDITOR, rb"20\d\d-\d\d-\d\d", f"{_MOVES} end r down enter escape / tab escape"),
)
"""Section, whose it is, what its rows show, and what is pressed in it."""
_ASKS = frozenset(["ctrl+end", "end", "enter", "escape", "backspace", "r", "/", "1", "2", "a"])
"""After these the bridge is asked, or another screen is there: a person looks before going on."""
_DOOR = b"Quit"
"""Among the keys below the door, and below what a first run shows in its place."""


def measure(server: Server, scale: Scale) -> Iterator[tuple[str, Samples]]:
    assert isinstance(server, Postex)
    data = server.folder / "data"
    server.stop()
    with Store.open(data, MasterKey.load(data / "master.key")) as store:
        crowd.add_accounts(store, scale.accounts)
        crowd.add_events(store, scale.events)
        tokens = {name: crowd.add_insider(store, name, role) for name, role, *_ in _LISTS}
    server.start()
    yield "terminal-paint", [_first_paint(data) for _ in range(scale.rounds)]
    used = _Use()
    for name, _, rows, keys in _LISTS:
        used.section(data, name, tokens[name], rows, keys.split() * scale.rounds)
    yield from used.figures()


def _first_paint(data: Path) -> float:
    """Seconds from the start of `postex tui` to the door on the screen."""
    started = time.monotonic()
    with Terminal([sys.executable, "-m", "postex_tui.cli", "tui", "--data", str(data)], 80, 24) as terminal:
        return terminal.until(_DOOR) - started


class _Use:
    """What was seen in all sections."""

    def __init__(self) -> None:
        self.first_rows: Samples = []
        self.keys: dict[str, Samples] = {}
        self.callbacks: dict[str, float] = {}
        """The longest by the key after which it ran, in ms of processor time."""

    def section(self, data: Path, name: str, token: str, rows: bytes, keys: list[str]) -> None:
        with tempfile.NamedTemporaryFile(prefix="postex-bench-") as report:
            command = [sys.executable, "-m", "bench.clients.terminal_app", str(data), name, report.name]
            with Terminal(command, *_LARGE, {TOKEN: token}) as terminal:
                there = terminal.until(rows)
                terminal.rest(2)
                pressed = [(time.monotonic(), key, self._press(terminal, name, key)) for key in keys]
            told = [json.loads(line) for line in Path(report.name).read_text("ascii").splitlines()]
        self.first_rows.append(there - next(each["at"] for each in told if each["what"] == "signed-in"))
        self._attribute(pressed, [(each["at"], each["ms"]) for each in told if each["what"] == "callback"])

    def _press(self, terminal: Terminal, section: str, key: str) -> str:
        """The name under which its time is kept."""
        named = f"{section} {key}"
        self.keys.setdefault(named, []).append(terminal.answered(_SEQUENCES.get(key, key.encode())))
        terminal.rest(0.8 if key in _ASKS else 0.15)
        return named

    def _attribute(self, pressed: list[tuple[float, str, str]], callbacks: list[tuple[float, float]]) -> None:
        for at, ms in callbacks:
            named = next((named for when, _, named in reversed(pressed) if when <= at), "sign-in")
            self.callbacks[named] = max(ms, self.callbacks.get(named, 0.0))

    def figures(self) -> Iterator[tuple[str, Samples]]:
        for named, samples in self.keys.items():
            longest = self.callbacks.get(named, 0.0)
            print(
                f"  {named:20} p50 {percentile(samples, 0.5):6.1f} ms, p99 {percentile(samples, 0.99):6.1f} ms;"
                f" longest callback {longest:5.1f} ms",
                file=sys.stderr,
            )
        print(f"  sign-in: longest callback {self.callbacks.get('sign-in', 0.0):.1f} ms", file=sys.stderr)
        keys = [ms for named, samples in self.keys.items() if not named.endswith("escape") for ms in samples]
        escapes = [ms for named, samples in self.keys.items() if named.endswith("escape") for ms in samples]
        yield "terminal-list", self.first_rows
        yield "terminal-key", keys
        yield "terminal-key-p99", [percentile(keys, 0.99)]
        yield "terminal-escape", escapes
        yield "terminal-loop", [max([ms for named, ms in self.callbacks.items() if named != "sign-in"], default=0.0)]


MEASUREMENTS = (
    Measurement(
        (
            Row("terminal-paint", "`postex tui`, from its start to the first picture", "s", below(1.0, "< 1 s")),
            Row(
                "terminal-list", "first rows of 100 000 accounts, of 1 000 000 audit events", "s", below(1.0, "< 1 s")
            ),
            Row(
                "terminal-key",
                "a key in those lists until answered, Escape aside, median",
                "ms",
                below(50, "< 50 ms"),
            ),
            Row("terminal-key-p99", "… p99", "ms", below(50, "< 50 ms")),
            Row("terminal-escape", "Escape until answered, median", "ms", below(50, "< 50 ms")),
            Row("terminal-loop", "… longest callback of the app's loop, processor time", "ms", below(50, "< 50 ms")),
        ),
        (OURS,),
        lambda _: 1,
        measure,
    ),
)
