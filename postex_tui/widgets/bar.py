"""The line at the top: where one is, who one is, whether the bridge answers."""

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal

from bridge.i18n import N_
from postex_tui.sections import MODE_NAMES
from postex_tui.widgets.plain import Line

if TYPE_CHECKING:
    from postex_tui.app import PostexApp

OFFLINE = N_("no connection")

LINKED, ASKING = "●", "…"


class Bar(Horizontal):
    """Kept up by the app: `online` and who is signed in."""

    _asks = False

    @property
    def post(self) -> "PostexApp":
        return cast("PostexApp", self.app)

    def compose(self) -> ComposeResult:
        yield Line("Postex", id="bar-name")
        for mode in self.post.modes:
            here = mode is self.post.mode
            yield Line(self.post.say(MODE_NAMES[mode]), id=f"bar-{mode}", classes="mode here" if here else "mode")
        yield Line(self._section, id="bar-section")
        yield Line("", id="bar-link")
        yield Line(self.post.session.email if self.post.session else "", id="bar-who")

    @property
    def _section(self) -> str:
        """Told where no rail tells it."""
        here = self.post.section
        return f"› {self.post.say(here.title)}" if here else ""

    def on_mount(self) -> None:
        self.watch(self.post, "online", self._linked)

    def _linked(self, online: bool) -> None:
        self.set_class(not online, "offline")
        self.query_one("#bar-link", Line).say(LINKED if online else f"○ {self.post.say(OFFLINE)}")

    def is_asking(self, asking: bool) -> None:
        """Whether an answer is awaited that a key asked for; no more than one sign changes."""
        if self.post.online and asking != self._asks:
            self.query_one("#bar-link", Line).say(ASKING if asking else LINKED)
        self._asks = asking

    def on_click(self, event) -> None:  # type: ignore[no-untyped-def]
        """A mode was clicked."""
        name = (event.widget.id or "").removeprefix("bar-") if event.widget else ""
        for mode in self.post.modes:
            if mode == name:
                self.post.enter(mode)
