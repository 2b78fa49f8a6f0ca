"""A process that prints what waits in the outbox of a data folder, made to be killed at any moment.

python -m tests.crash.paper_driver DATA URI     prints `ready`, then `done` when nothing waits any more

Its clock runs ahead: it waits for no printer by the clock on the wall.
"""

import asyncio
import sys
from pathlib import Path

from bridge.channels.handover import Destination, Gate
from bridge.channels.outbox import Outbox
from bridge.channels.paper.carrier import PaperCarrier
from bridge.channels.paper.letter import Composed, Letter, Sides
from bridge.channels.paper.press import Press
from storage.deliveries.processors import ProcessorKind
from storage.engine import statements
from tests import stores
from tests.control import Clock
from tests.letters import NOW, by_ipp

WAITING = "SELECT due_at FROM job WHERE state = 'waiting' ORDER BY due_at LIMIT 1"


class Ready(Press):
    """Sheets that need no work, and are each letter's own."""

    async def compose(self, message: bytes, letter: Letter) -> Composed:
        return Composed(b"%PDF-1.7\n%" + letter.reference.encode() + b"\n" * 20_000 + b"%%EOF\n", 2)


async def print_all(data: Path, uri: str) -> None:
    with stores.opened(data) as store:
        gate, to, clock = Gate(store, frozenset({"NL"})), Destination(ProcessorKind.PRINTER, "NL"), Clock(NOW)
        carrier = PaperCarrier(by_ipp(uri), Ready(), to, gate, sides=Sides.ONE, timezone="UTC")
        outbox = Outbox(store, clock, [carrier], lambda: 1.0)
        print("ready", flush=True)
        while waiting := await store.read(statements.rows, WAITING):
            clock.at = max(clock.at, waiting[0][0])
            await outbox.turn()
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(print_all(Path(sys.argv[1]), sys.argv[2]))
