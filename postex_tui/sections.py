"""What the app has to offer, in which mode, and to whom: the table behind rail, menu and palette.

Contract. A section is there for whoever may do its `action`, in the office for others than oneself (the API tells how
far one's rights reach); its screen is imported when it is first shown. Modes: `me` for everybody, `sending` for who
writes, `office` for who looks after others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from bridge.i18n import N_

if TYPE_CHECKING:
    from postex_tui.screens.section import SectionScreen


class Mode(StrEnum):
    """In whose shoes one works."""

    ME = "me"
    SENDING = "sending"
    OFFICE = "office"


MODE_NAMES = {Mode.ME: N_("My post"), Mode.SENDING: N_("Sending"), Mode.OFFICE: N_("Office")}


@dataclass(frozen=True, slots=True)
class Section:
    """`place`: module:class of its screen."""

    name: str
    title: str
    mode: Mode
    action: str
    place: str

    def screen(self) -> "SectionScreen":
        module, _, kind = self.place.partition(":")
        made: SectionScreen = getattr(import_module(f"postex_tui.screens.{module}"), kind)()
        return made


SECTIONS = (Section("accounts", N_("Accounts"), Mode.OFFICE, "account.list", "accounts:Accounts"),)


def offered(reach: Mapping[str, str]) -> tuple[Section, ...]:
    """Those for somebody whose rights reach so far, in the order of the rail."""
    return tuple(section for section in SECTIONS if _is_open(section, reach.get(section.action)))


def _is_open(section: Section, reach: str | None) -> bool:
    return reach is not None and (section.mode is not Mode.OFFICE or reach != "self")
