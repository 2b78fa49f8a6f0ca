"""What waits for people: questions, holds, access by two people, purges, erasures; and the register of processors.

Contract. A tab for each kind that one's rights reach beyond oneself. What two people have to do is never offered to
the one who asked for it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import ActiveBinding  # type: ignore[attr-defined]
from textual.widget import Widget
from textual.widgets import TabbedContent

from bridge.i18n import N_
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.office.requests.access import BreakGlass, Tickets
from postex_tui.screens.office.requests.erasure import Erasures, Holds, Purges
from postex_tui.screens.office.requests.processors import Processors
from postex_tui.screens.office.requests.waiting import CHANGE, END, NEW, OPEN, UNDO, Waiting

ROOMS: tuple[type[Waiting], ...] = (Tickets, BreakGlass, Holds, Purges, Erasures, Processors)


class Requests(DeedScreen):
    """`first`: the room in which one begins."""

    NAME = "requests"
    LISTENS = frozenset({"audit"})
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"room('{key}')", N_("Do")) for key in (NEW, CHANGE, OPEN, END, UNDO)),
        *(Binding(str(number), f"enter({number})", show=False) for number in range(1, len(ROOMS) + 1)),
    ]
    first: str | None = None
    _gone_to: str | None = None
    """A room that was asked for by its name or number, and did not get the keys yet."""

    def contents(self) -> Iterable[Widget]:
        there = [room for room in ROOMS if self.may(room.ACTION)]
        names = [room.NAME for room in there]
        with TabbedContent(id="rooms", initial=self.first if self.first in names else names[0]):
            for room in there:
                yield room(self.say)

    @property
    def room(self) -> Waiting | None:
        """The one in which one is."""
        rooms = self.query(TabbedContent)
        pane = rooms.first().active_pane if rooms else None
        return pane if isinstance(pane, Waiting) else None

    async def fetch(self) -> Any:
        room = self.room
        return room, None if room is None else await room.fetch()

    def show(self, content: Any) -> bool:
        room, page = content
        if room is not None:
            room.show(page)
            if self._gone_to == room.NAME:
                self._gone_to = None
                self.call_after_refresh(room.grid.focus)
        self.refresh_bindings()
        return True

    @on(TabbedContent.TabActivated)
    def _entered(self) -> None:
        self.first = self.query_one(TabbedContent).active
        self.reload()

    def enter_room(self, name: str) -> None:
        """Go to that tab, if it is there. Its list has the keys from then on: a tab with the keys is shown."""
        self.first = self._gone_to = name
        for room in self.query(Waiting):
            if name == room.NAME:
                self.query_one(TabbedContent).active = name
                self.call_after_refresh(room.grid.focus)

    def action_enter(self, number: int) -> None:
        rooms = [*self.query(Waiting)]
        if number <= len(rooms):
            self.enter_room(rooms[number - 1].NAME)

    def _give_keys(self) -> None:
        """To the list of the room one is in alone: another that got them would bring its own room forward."""
        if self.room is not None and self.room.grid.row_count:
            self.room.grid.focus(scroll_visible=False)

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """What a letter does is called as in the room one is in."""
        room, found = self.room, super().active_bindings
        for key, (_, words) in (room.KEYS if room else {}).items():
            if key in found:
                binding = replace(found[key].binding, description=self.say(words))
                found[key] = found[key]._replace(binding=binding)
        return found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action != "room":
            return True
        room, key = self.room, str(parameters[0])
        if room is None or key not in room.KEYS or not room.is_mounted:
            return False
        return self.may(room.KEYS[key][0]) and room.can(key, room.grid.here)

    def action_room(self, key: str) -> None:
        if self.room is not None:
            self.room.pressed(key, self.room.grid.here)
