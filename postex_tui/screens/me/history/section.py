"""History: what I chose and when, what I agreed to, what was done for my documents, what was changed of me.

Contract. Four rooms, each asked when one enters. What can be taken back is, for as long as the API says: a change of
preferences or of particulars, a consent that holds (S15, S35, S48, D14).
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import TabbedContent

from bridge.i18n import N_
from postex_tui.screens.me.history.rooms import ROOMS, Past
from postex_tui.screens.section import SectionScreen
from postex_tui.widgets.plain import Line


class History(SectionScreen):
    """`u` takes back what the cursor is on."""

    NAME = "my-history"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "undo", N_("Undo")),
        Binding("d", "withdraw", N_("Withdraw")),
        *(Binding(str(number), f"enter({number})", show=False) for number in range(1, len(ROOMS) + 1)),
    ]

    def contents(self) -> Iterable[Widget]:
        with TabbedContent(id="rooms"):
            for room in ROOMS:
                yield room(self.say, self.api)
        yield Line("", id="history-note", lines=True)

    @property
    def room(self) -> Past | None:
        """The one in which one is."""
        found = self.query(TabbedContent)
        pane = found.first().active_pane if found else None
        return pane if isinstance(pane, Past) else None

    async def fetch(self) -> Any:
        room = self.room
        return room, None if room is None else await room.page(None)

    def show(self, content: Any) -> bool:
        room, page = content
        if room is not None:
            room.show(page)
            if not self.has_class("ready"):
                self.call_after_refresh(room.grid.focus)
        self._tell()
        self.refresh_bindings()
        return True

    @on(TabbedContent.TabActivated)
    def _entered(self) -> None:
        if self.has_class("ready"):
            self.reload()

    @on(Past.Moved)
    def _tell(self) -> None:
        """What does not fit in a line."""
        room = self.room
        item = None if room is None else room.here
        self.query_one("#history-note", Line).say(room.note(item) if room is not None and item is not None else "")
        self.refresh_bindings()

    def action_enter(self, number: int) -> None:
        self.query_one(TabbedContent).active = ROOMS[number - 1].NAME
        if self.room is not None:
            self.room.grid.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in ("undo", "withdraw"):
            return True
        room = self.room
        item = None if room is None else room.here
        return room is not None and item is not None and action == room.ACT and room.can_act(item)

    def action_undo(self) -> None:
        room = self.room
        if room is not None and room.here is not None:
            self._ask(room, room.here)

    action_withdraw = action_undo

    @work(group="ask")
    async def _ask(self, room: Past, item: Mapping[str, Any]) -> None:
        if await self.post.push_screen_wait(room.asked(item)):
            self.act(lambda: room.acted(item), lambda _: self._is_done(room))

    def _is_done(self, room: Past) -> None:
        self.post.tell(self.say(room.DONE))
        self.reload()
