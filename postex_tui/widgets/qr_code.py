"""A code to scan, drawn for the ground it stands on: the light modules are light in every theme."""

from postex_tui.terminal import qr
from postex_tui.widgets.plain import Line


class QrCode(Line):
    """`content` is drawn when it is mounted; `rows` and `columns` then say how large it is."""

    def __init__(self, content: str, error: str = "l", *, id: str | None = None) -> None:
        super().__init__(lines=True, id=id, classes="drawn")
        self._code, self._error = content, error
        self.rows = self.columns = 0

    def on_mount(self) -> None:
        lines = qr.drawn(self._code, self._error, on_dark=self.app.current_theme.dark, quiet=qr.NARROW)
        self.rows, self.columns = lines.count("\n") + 1, lines.index("\n")
        self.say(lines)
