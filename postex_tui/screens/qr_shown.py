"""A code to scan, with nearly the whole screen for it: cameras want it in one piece."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Footer

from bridge.i18n import N_
from postex_tui.screens.dialogs import Dialog
from postex_tui.screens.steps import CLOSE
from postex_tui.terminal import qr
from postex_tui.widgets.plain import Line
from postex_tui.widgets.qr_code import QrCode

CHROME = 2
"""Lines of the screen that are not the code's."""
TOO_LARGE = N_("Not all of it fits: make the letters smaller (Ctrl and −), or press x to save it.")


class QrShown(Dialog[None]):
    """`what`: what scans it. `file`: the name under which it can be kept as a picture."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "leave", CLOSE, key_display="esc"),
        Binding("x", "keep", N_("Save as a picture")),
    ]

    def __init__(self, what: str, content: str, file: str, error: str = "l") -> None:
        super().__init__()
        self._what, self._content, self._file, self._error = what, content, file, error

    def compose(self) -> ComposeResult:
        yield Line(self._what, id="scan")
        with VerticalScroll(id="qr-room", can_focus=True):
            yield QrCode(self._content, self._error)
        yield Footer(show_command_palette=False)

    def on_resize(self) -> None:
        code = self.query_one(QrCode)
        fits = self.size.height >= code.rows + CHROME and self.size.width >= code.columns
        self.query_one("#scan", Line).say(self._what if fits else self.say(TOO_LARGE))

    @work(group="ask")
    async def action_keep(self) -> None:
        await self.post.hand_over(self._file, qr.picture(self._content))
