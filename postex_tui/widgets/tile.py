"""A tile of a board: a title, a figure, what it is made of; chosen by enter or a click, it leads to a section.

Contract. A tile without a section says what it says and cannot be chosen. `Board` has them: arrows go from one to the
next in their direction.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Sparkline

from bridge.i18n import N_
from postex_tui.terminal.safe_text import safe_text
from postex_tui.widgets.plain import Line

ACROSS = 8
"""How much farther a line below is than a column beside: cells are higher than wide, and rows come first."""


class Place(Vertical):
    """What leads to a section."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", N_("Open"))]

    class Chosen(Message):
        """The person wants to go there."""

        def __init__(self, section: str) -> None:
            super().__init__()
            self.section = section

    def __init__(self, section: str | None, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.section = section
        self.can_focus = section is not None

    def action_choose(self) -> None:
        if self.section is not None:
            self.post_message(self.Chosen(self.section))

    def on_click(self) -> None:
        self.action_choose()


class Tile(Place):
    """One figure."""

    def __init__(self, title: str, section: str | None, *, drawn: bool = False, id: str) -> None:
        super().__init__(section, id=id)
        self._title, self._drawn = title, drawn

    def compose(self) -> ComposeResult:
        yield Line(self._title, classes="tile-title")
        yield Line("", classes="figure")
        if self._drawn:
            yield Sparkline([0, 0], summary_function=max)
        yield Line("", lines=True, classes="parts")

    def tell(self, figure: str, parts: str, points: Sequence[int] = (), *, wrong: bool = False) -> None:
        """Show these; `wrong`: one should look."""
        self.set_class(wrong, "wrong")
        self.query_one(".figure", Line).say(figure)
        self.query_one(".parts", Line).say(parts)
        for line in self.query(Sparkline):
            line.data = [float(point) for point in points]


class Need(Place):
    """One thing that needs doing: how grave in a word, what, and what to do."""

    def __init__(self, severity: str, word: str, text: str, remedy: str, section: str | None) -> None:
        super().__init__(section, classes=severity)
        self._said, self._remedy = safe_text(f"{word}: {text}"), safe_text(remedy)

    def compose(self) -> ComposeResult:
        yield Line(self._said, lines=True, classes="said")
        yield Line(self._remedy, lines=True, classes="remedy")


class Board(VerticalScroll, can_focus=False):
    """Places, to go about by arrows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(0, -1)", show=False),
        Binding("down", "step(0, 1)", show=False),
        Binding("left", "step(-1, 0)", show=False),
        Binding("right", "step(1, 0)", show=False),
    ]

    def action_step(self, right: int, down: int) -> None:
        """To the nearest place in that direction; at the end the board scrolls on."""
        here = self.screen.focused
        begin = (0, 0) if here is None else here.region.offset
        ways = ((self._way(begin, each, right, down), each) for each in self.places)
        ahead = [(way, each) for way, each in ways if way is not None]
        if ahead:
            min(ahead, key=lambda pair: pair[0])[1].focus()
        elif down:
            self.scroll_relative(y=2 * down, animate=False)

    @property
    def places(self) -> list[Place]:
        """Those that can be chosen."""
        return [each for each in self.query(Place) if each.can_focus]

    def _way(self, begin: tuple[int, int], place: Place, right: int, down: int) -> int | None:
        """How far it is; None if it lies elsewhere."""
        across, along = place.region.x - begin[0], place.region.y - begin[1]
        ahead = across * right + along * down
        beside = abs(along) * ACROSS if right else abs(across)
        return ahead * (ACROSS if down else 1) + beside if ahead > 0 else None
