"""The keys that do something now, in one line at the bottom; a click on one is that key.

Textual's footer makes a widget of each key anew whenever one of them changes, at each move of the focus, which takes
30 ms. This one draws a line.
"""

from collections.abc import Iterator
from typing import ClassVar

from rich.segment import Segment
from textual.events import Click
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from postex_tui.safe_text import safe_text


class Keys(Widget):
    """What is shown is what the screen has active, in its order, one key for each act."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--words", "keys--off"}

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._renewed)

    def _renewed(self, screen: Screen[object]) -> None:
        self.refresh()

    def _offered(self) -> Iterator[tuple[str, str, str, bool]]:
        """Key, how it is written, what it does, whether it is on."""
        acts = set()
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and binding.action not in acts:
                acts.add(binding.action)
                shown = self.app.get_key_display(binding)
                yield binding.key, f" {safe_text(shown)} ", f"{safe_text(binding.description)} ", enabled

    def render_line(self, y: int) -> Strip:
        key, words, off = (
            self.get_component_rich_style(f"keys--{name}", partial=False) for name in ("key", "words", "off")
        )
        segments = [
            segment
            for _, shown, told, enabled in self._offered()
            for segment in (Segment(shown, key if enabled else off), Segment(told, words if enabled else off))
        ]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: Click) -> None:
        end = 0
        for key, shown, told, enabled in self._offered():
            end += Segment(shown + told).cell_length
            if event.x < end:
                if enabled:
                    self.app.simulate_key(key)
                return
