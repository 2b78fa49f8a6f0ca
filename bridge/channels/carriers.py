"""The carriers that a bridge has, by its settings: one for each channel that leads out of it."""

from collections.abc import Iterator
from pathlib import Path

from bridge.channels.email import relays
from bridge.channels.email.carrier import EmailCarrier
from bridge.channels.external import doorways
from bridge.channels.external.carrier import ExternalCarrier
from bridge.channels.handover import Destination, Gate
from bridge.channels.marks import Marks
from bridge.channels.outbox import Carrier
from bridge.channels.outside import targets
from bridge.channels.outside.carrier import NoticeCarrier, Post
from bridge.routing import places, residency
from bridge.settings import Settings
from storage.database import Store
from storage.deliveries.processors import ProcessorKind


def of(data: Path, settings: Settings, store: Store) -> tuple[Carrier, ...]:
    """In no order. A job whose carrier is missing waits, and is shown as waiting. CarrierUnusable."""
    return tuple(_all(data, settings, store))


def _all(data: Path, settings: Settings, store: Store) -> Iterator[Carrier]:
    gate = Gate(store, residency.europe(settings))
    marks = Marks(store.server_keys.message_tag, settings.hostname)
    yield NoticeCarrier(places.hours_of(settings), gate, targets.of(data, settings), _post(data, settings, marks))
    relay = relays.of(data, settings)
    if relay is not None:
        processor = Destination(ProcessorKind.RELAY, settings.relay.country, settings.relay.name)
        yield EmailCarrier(relay, processor, gate, marks)
    yield ExternalCarrier(doorways.of(data, settings), gate, marks)
    if settings.printer.uri or settings.printer.folder is not None:
        yield _paper(data, settings, gate)


def _paper(data: Path, settings: Settings, gate: Gate) -> Carrier:
    """Imported for those who print: its HTTP client takes an eighth of a second."""
    from bridge.channels.paper import printers
    from bridge.channels.paper.carrier import PaperCarrier
    from bridge.channels.paper.letter import Sides
    from bridge.channels.paper.press import Press

    road = printers.of(data, settings)
    assert road is not None, "the settings name a printer"
    processor = Destination(ProcessorKind.PRINTER, settings.printer.country, settings.printer.name)
    sides = Sides(settings.printer.sides)
    return PaperCarrier(road, Press(), processor, gate, sides=sides, timezone=settings.timezone)


def _post(data: Path, settings: Settings, marks: Marks) -> Post | None:
    found = relays.for_notices(data, settings)
    if found is None:
        return None
    relay, section = found
    return Post(relay, Destination(ProcessorKind.RELAY, section.country, section.name), marks)
