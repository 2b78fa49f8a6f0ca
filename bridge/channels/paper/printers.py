"""The printer of the settings, ready for use."""

import ssl
from pathlib import Path

from bridge.channels.authorities import verifying
from bridge.channels.paper.folder import HotFolder
from bridge.channels.paper.ipp.client import Printer
from bridge.channels.paper.ipp.encoding import Given, Tag
from bridge.channels.paper.printing import IppRoad
from bridge.channels.paper.roads import Road
from bridge.setting_sections import Printer as Section
from bridge.settings import Settings


def of(data: Path, settings: Settings) -> Road | None:
    """`data`: what relative paths are relative to. None: there is no printer. CarrierUnusable."""
    section = settings.printer
    carrier = section.name or None
    if section.folder is not None:
        return HotFolder(data / section.folder, carrier)
    if not section.uri:
        return None
    return IppRoad(Printer(section.uri, _context(data, section)), ticket(section), carrier)


def ticket(section: Section) -> tuple[Given, ...]:
    """Job attributes; a printer that has no such choice passes over it (RFC 8011 section 4.1.7)."""
    return (
        ("copies", Tag.INTEGER, 1),
        ("media", Tag.KEYWORD, section.media),
        ("print-scaling", Tag.KEYWORD, "none"),
        ("sides", Tag.KEYWORD, section.sides),
    )


def _context(data: Path, section: Section) -> ssl.SSLContext | bool:
    """None for a printer on this machine that has no TLS."""
    if section.uri.startswith("ipp:"):
        return False
    path = None if section.ca_file is None else data / section.ca_file
    return verifying(path, "printer.ca_file")
