"""For a terminal that is too small for the app: says so; the app takes it away when there is room."""

from textual.app import ComposeResult

from bridge.i18n import N_
from postex_tui.screens.section import WordedScreen
from postex_tui.widgets.plain import Line

WORDS = N_("This terminal is {width} × {height}. Postex needs {least_width} × {least_height}: please make it larger.")
IN_A_BROWSER = N_(
    "This window has room for {width} × {height} letters; Postex needs {least_width} × {least_height}: please make it"
    " larger, zoom out (Ctrl and −), or turn your phone."
)


class TooSmall(WordedScreen[None]):
    """In front of everything else; columns and rows that are needed."""

    def __init__(self, least_width: int, least_height: int) -> None:
        super().__init__()
        self._least = {"least_width": least_width, "least_height": least_height}

    def compose(self) -> ComposeResult:
        width, height = self.app.size
        words = IN_A_BROWSER if self.app.is_web else WORDS
        yield Line(self.say(words, width=width, height=height, **self._least), id="too-small", lines=True)
