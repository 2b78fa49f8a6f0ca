"""Why something comes as it does: the steps of a decision, one below the other."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button

from bridge.i18n import N_
from postex_tui.screens.dialogs import Dialog
from postex_tui.widgets.plain import Caption, Line, Press

CLOSE = N_("Close")


class Steps(Dialog[bool]):
    """`further`: a button that asks for more; True if it was pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter", "leave", CLOSE)]

    def __init__(self, title: str, steps: Sequence[str], further: str = "") -> None:
        super().__init__()
        self._title, self._steps, self._further = title, steps, further

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall"):
            yield Caption(self._title, classes="title")
            with VerticalScroll(classes="fields", can_focus=True):
                yield Line("\n".join(f"{n}. {step}" for n, step in enumerate(self._steps, 1)), lines=True)
            with Horizontal(classes="buttons"):
                if self._further:
                    yield Press(self._further, id="further")
                yield Press(self.say(CLOSE), "primary", id="close")

    def on_mount(self) -> None:
        self.query_one("#close").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "further")
