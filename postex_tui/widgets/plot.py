"""Bars: the only way to draw a plot. What stands below and above them passes `safe_text`.

Contract. `tell` takes a title and (label, count) pairs; a count of None, of too few people, has no bar.
"""

from collections.abc import Sequence

from textual.app import RenderResult
from textual.color import Color
from textual_plotext import PlotextPlot

from postex_tui.terminal.safe_text import safe_text

Bars = Sequence[tuple[str, int | None]]
LONGEST = 16
"""Characters of a label."""


APART, LEAST = 2, 6
"""Cells between labels, and those below which a label is left out rather than cut."""
MARGIN = 8
"""Cells beside the bars."""


class BarPlot(PlotextPlot):
    """Drawn anew for the room there is."""

    can_focus = False
    _labels: Sequence[str] = ()

    _told: tuple[str, Bars] = ("", ())

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._draw, init=False)

    def tell(self, title: str, bars: Bars) -> None:
        """Show these instead."""
        self._told = title, bars
        self._draw()

    def _draw(self) -> None:
        """In the colour that the theme has for what stands out."""
        title, bars = self._told
        self.plt.clear_figure()
        self.plt.title(safe_text(title))
        highest = max((count for _, count in bars if count), default=0)
        self.plt.frame(highest > 0)
        self._labels = [safe_text(label, LONGEST) for label, _ in bars] if highest else []
        if highest:
            counts, colour = [count or 0 for _, count in bars], Color.parse(self.app.theme_variables["primary"]).rgb
            self.plt.bar([float(place) for place in range(len(bars))], counts, color=colour, width=0.6)
            self.plt.xlim(-1, len(bars))
            self.plt.ylim(0, highest)
            self.plt.yticks([0, highest], ["0", str(highest)])
        self.refresh()

    def render(self) -> RenderResult:
        """With as many labels as have room: cut a little, or else one in every so many."""
        if self._labels:
            room = max(self.size.width - MARGIN, 1) // (len(self._labels) + 1) - APART
            longest = max(map(len, self._labels))
            every = 1 if room >= LEAST else -(-(longest + APART) // max(room + APART, 1))
            cut = max(room, LEAST) if every == 1 else longest
            places = range(0, len(self._labels), every)
            self.plt.xticks([float(place) for place in places], [_cut(self._labels[place], cut) for place in places])
        return super().render()


def _cut(label: str, room: int) -> str:
    return label if len(label) <= room else f"{label[: room - 1]}…"
