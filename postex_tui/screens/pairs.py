"""A form of many fields: each with its name on one line, and below them in words what they come to."""

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Select

from postex_tui.screens.dialogs import CANCEL, Form
from postex_tui.screens.words.choices import STEPS
from postex_tui.widgets.plain import Caption, Choice, Line, Press, Wrong

RUNGS = frozenset({"remind", "email", "paper"})
"""Fields with the days of a ladder."""


class PairForm(Form):
    """As `Form`."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall choosing"):
            yield Caption(self._title, classes="title")
            with VerticalScroll(classes="fields slim", can_focus=False):
                for ask in self._asks:
                    yield Horizontal(*self._field(ask), classes="pair")
            yield Line("", id="will", lines=True)
            yield Wrong()
            with Horizontal(classes="buttons"):
                yield Press(self.say(CANCEL), id="cancel")
                yield Press(self._verb, "primary", id="do")

    def on_mount(self) -> None:
        self._tell()

    def will(self, values: Mapping[str, str]) -> str:
        """What will happen with these, in words."""
        return ""

    def on_select_changed(self, event: Select.Changed) -> None:
        self._tell()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Days for the ladder mean that one wants a ladder."""
        if event.input.id in RUNGS and event.value.strip():
            self.query_one("#ladder", Choice).value = STEPS
        self._tell()

    def _tell(self) -> None:
        self.query_one("#will", Line).say(self.will(self._filled()))
