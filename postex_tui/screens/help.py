"""F1: the keys that work here, those of this screen first."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ActiveBinding, Screen  # type: ignore[attr-defined]
from textual.widgets import Button

from bridge.i18n import N_
from postex_tui.screens.dialogs import Dialog
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.plain import Caption, Press

EVERYWHERE = (
    ("↑ ↓", N_("to another row")),
    ("Enter", N_("open, press, next field")),
    ("Tab", N_("next part of the screen; Shift+Tab back")),
    ("Esc", N_("back, without doing anything")),
)
Keys = list[tuple[str, str]]


class Help(Dialog[None]):
    """`keys`: of the screen and of the frame, as (key, what it does)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f1", "leave", N_("Close"))]

    def __init__(self, here: Keys, frame: Keys) -> None:
        super().__init__()
        self._here, self._frame = here, frame

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall"):
            yield Caption(self.say(N_("Which keys work here")), classes="title")
            with VerticalScroll(classes="fields"):
                yield Facts(id="keys")
            with Horizontal(classes="buttons"):
                yield Press(self.say(N_("Close")), "primary", id="do")

    def on_mount(self) -> None:
        always = [(key, self.say(words)) for key, words in EVERYWHERE]
        groups = [group for group in (self._here, always, self._frame) if group]
        pairs: list[tuple[str, object]] = [pair for group in groups for pair in (*group, ("", ""))]
        self.query_one("#keys", Facts).tell(pairs[:-1])
        self.query_one("#do").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(None)


def keys_of(screen: Screen[Any]) -> tuple[Keys, Keys]:
    """What works on this screen, and what the frame offers everywhere; in the reader's language."""
    here: Keys = []
    frame: Keys = []
    for active in screen.active_bindings.values():
        if active.binding.description and _is_ours(active):
            group = frame if active.node is screen.app else here
            group.append((screen.app.get_key_display(active.binding), active.binding.description))
    return here, frame


def _is_ours(active: ActiveBinding) -> bool:
    """Textual's widgets have keys of their own, without words in the reader's language: `EVERYWHERE` tells them."""
    kinds = [kind for kind in type(active.node).__mro__ if kind.__module__.startswith("postex_tui")]
    return any(each.action == active.binding.action for kind in kinds for each in vars(kind).get("BINDINGS", ()))
