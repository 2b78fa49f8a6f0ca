"""Bars: the only way to draw a plot. What stands below and above them passes `safe_text`.

Contract. `tell` takes a title and (label, count) pairs; a count of None, of too few people, has no bar.
"""

from collections.abc import Sequence

from textual_plotext import PlotextPlot

from postex_tui.terminal.safe_text import safe_text

Bars = Sequence[tuple[str, int | None]]
LONGEST = 16
"""Characters of a label."""


class BarPlot(PlotextPlot):
    """Drawn anew for the room there is."""

    can_focus = False

    def tell(self, title: str, bars: Bars) -> None:
        """Show these instead."""
        self.plt.clear_figure()
        self.plt.title(safe_text(title))
        highest = max((count for _, count in bars if count), default=0)
        self.plt.frame(highest > 0)
        if highest:
            places = [float(place) for place in range(len(bars))]
            self.plt.bar(places, [count or 0 for _, count in bars], width=0.6)
            self.plt.xticks(places, [safe_text(label, LONGEST) for label, _ in bars])
            self.plt.xlim(-1, len(bars))
            self.plt.ylim(0, highest)
            self.plt.yticks([0, highest], ["0", str(highest)])
        self.refresh()
