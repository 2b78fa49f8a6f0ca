"""Paper on a real IPP printer (Debian's ippeveprinter): each letter once, whatever dies in between (I1, D3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bridge.channels.outbox import Task
from bridge.channels.paper.ipp.client import Printer
from bridge.channels.paper.letter import Composed, Letter
from bridge.channels.paper.press import Press
from bridge.channels.paper.printers import ticket
from bridge.channels.paper.printing import IppRoad
from bridge.setting_sections import Printer as Section
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import DeliveryState
from storage.keys.outbox import OutboxKey
from tests import printers
from tests.letters import PaperOffice, by_ipp
from tests.printers import RealPrinter, real_printer

pytestmark = pytest.mark.skipif(not printers.is_there(), reason=printers.MISSING)
PDF = b"%PDF-1.7\n" + b"%" * 3000 + b"\n%%EOF\n"


class Died(BaseException):
    """As if the process had ended here."""


@pytest.fixture(scope="module")
def printer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrinter]:
    with real_printer(tmp_path_factory.mktemp("printer")) as running:
        yield running


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PaperOffice]:
    made = PaperOffice.found(tmp_path / "data")
    yield made
    made.store.close()


class Ready(Press):
    """Sheets that need no work."""

    async def compose(self, message: bytes, letter: Letter) -> Composed:
        return Composed(PDF, 2)


async def test_a_letter_is_printed(office: PaperOffice, printer: RealPrinter) -> None:
    before = len(printer.printed())
    delivery = office.letter()
    await office.settle(by_ipp(printer.uri), delivery)
    assert len(printer.printed()) == before + 1
    assert office.job(delivery) is None
    found = office.now(delivery)
    assert (found.state, found.needs_key) == (DeliveryState.HANDED_OFF, False)
    assert office.events(delivery) == [("paper.handed-off", "pages:2")]


@dataclass
class Fate:
    """Counts the acts of an attempt, and dies at one of them."""

    at: int
    acts: list[str] = field(default_factory=list)

    def pass_(self, what: str) -> None:
        self.acts.append(what)
        if len(self.acts) == self.at:
            raise Died


@dataclass(slots=True)
class MortalPrinter(Printer):
    fate: Fate | None = None

    async def _posted(self, content: bytes) -> bytes:
        assert self.fate is not None
        self.fate.pass_("before asking")
        answer = await Printer._posted(self, content)
        self.fate.pass_("after asking")
        return answer


@dataclass(frozen=True)
class MortalTask(Task):
    fate: Fate | None = None

    async def note(self, step: str, handle: str | None = None) -> None:
        assert self.fate is not None
        self.fate.pass_(f"before {step}")
        await Task.note(self, step, handle)
        self.fate.pass_(f"after {step}")


async def die_at(office: PaperOffice, printer: RealPrinter, delivery: Delivery, fate: Fate) -> Any:
    """One attempt; it dies, or says what came of it."""
    job = office.job(delivery)
    assert job is not None
    outbox = OutboxKey.of(office.store.server_keys.outbox)
    task = MortalTask(job, office.store, outbox, int(office.clock()), fate=fate)
    road = IppRoad(MortalPrinter(printer.uri, False, fate=fate), ticket(Section()), None)
    return await office.carrier(road, Ready()).carry(task)


async def test_killed_at_each_step_it_is_printed_once(office: PaperOffice, printer: RealPrinter) -> None:
    """Dead before and after each note and each question to the printer, also twice in a row."""
    whole = Fate(0)
    first = office.letter()
    await die_at(office, printer, first, whole)
    await office.settle(by_ipp(printer.uri), first, Ready())
    assert [act for act in whole.acts if "asking" not in act] == [
        "before creating", "after creating", "before sending", "after sending", "before sent", "after sent",
    ]  # fmt: skip
    for at in range(1, len(whole.acts) + 1):
        before = len(printer.printed())
        delivery = office.letter()
        for again in (at, 2 + at % 3):
            try:
                await die_at(office, printer, delivery, Fate(again))
            except Died:
                continue
        await office.settle(by_ipp(printer.uri), delivery, Ready())
        assert office.job(delivery) is None, f"{whole.acts[at - 1]}: {office.job(delivery)}"
        assert len(printer.printed()) == before + 1, whole.acts[at - 1]
        assert office.events(delivery) == [("paper.handed-off", "pages:2")]
