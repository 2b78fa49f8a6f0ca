"""The keys that do something now, in one line at the bottom; a click on one is that key.

Textual's footer makes a widget of each key anew whenever one of them changes, at each move of the focus, which takes
30 ms. This one draws a line.
"""

from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding
from textual.events import Click
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from postex_tui.terminal.safe_text import safe_text


class Offer(NamedTuple):
    """A key, how it is written, what it does, whether it does so now."""

    key: str
    shown: str
    does: str
    on: bool

    @property
    def cells(self) -> int:
        return cell_len(self.shown) + cell_len(self.does)


class Keys(Widget):
    """What is shown is what the screen has active, in its order, one key for each act."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--words", "keys--off"}

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._renewed)

    def _renewed(self, screen: Screen[object]) -> None:
        self.refresh()

    def _offered(self) -> list[Offer]:
        """As many as there is room for, none cut; those of the frame give way first, but for its first one."""
        here, frame = self._acts()
        while sum(offer.cells for offer in (*here, *frame)) > self.size.width and len(here) + len(frame) > 1:
            (frame if len(frame) > 1 else here).pop()
        return here + frame

    def _acts(self) -> tuple[list[Offer], list[Offer]]:
        """Of the screen and of the frame, one key for each act; the frame's in the order of their declaration."""
        here: dict[str, Offer] = {}
        frame: dict[str, Offer] = {}
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show:
                shown, does = safe_text(self.app.get_key_display(binding)), safe_text(binding.description)
                offer = Offer(binding.key, f" {shown} ", f"{does} ", enabled)
                (frame if node is self.app else here).setdefault(binding.action, offer)
        declared = [each.action for each in self.app.BINDINGS if isinstance(each, Binding)]
        return list(here.values()), [frame[action] for action in declared if action in frame]

    def render_line(self, y: int) -> Strip:
        key, words, off = (
            self.get_component_rich_style(f"keys--{name}", partial=False) for name in ("key", "words", "off")
        )
        segments = [
            segment
            for offer in self._offered()
            for segment in (
                Segment(offer.shown, key if offer.on else off),
                Segment(offer.does, words if offer.on else off),
            )
        ]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: Click) -> None:
        end = 0
        for offer in self._offered():
            end += offer.cells
            if event.x < end:
                if offer.on:
                    self.app.simulate_key(offer.key)
                return
