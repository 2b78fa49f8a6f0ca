"""Questions in front of a screen: are you sure, prove who you are, fill this in, shown once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.screens import refused
from postex_tui.screens.section import T, WordedScreen
from postex_tui.widgets.plain import Caption, Choice, Field, Line, Press, Tick, Wrong

CANCEL = N_("Cancel")
NEEDED = N_("This needs your password and a code, given within the last five minutes.")
Submit = Callable[[Mapping[str, str]], Awaitable[Any]]


class Dialog(WordedScreen[T]):
    """A box in the middle; Escape leaves it without doing anything."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", CANCEL)]
    DEFAULT_CLASSES = "dialog"

    @property
    def focus_chain(self) -> list[Widget]:
        """From the last field to what does it, and to what leaves after that."""
        return sorted(super().focus_chain, key=lambda each: each.id == "cancel")

    def action_leave(self) -> None:
        self.dismiss(None)


class Confirm(Dialog[bool]):
    """Says what will happen, in whole sentences; the verb on the button is the act's own."""

    def __init__(self, title: str, happens: str, verb: str, *, grave: bool = False) -> None:
        super().__init__()
        self._title, self._happens, self._verb, self._grave = title, happens, verb, grave

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Caption(self._title, classes="title")
            yield Line(self._happens, lines=True)
            with Horizontal(classes="buttons"):
                yield Press(self.say(CANCEL), id="cancel")
                yield Press(self._verb, "error" if self._grave else "primary", id="do")

    def on_mount(self) -> None:
        self.query_one("#cancel").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "do")


class StepUp(Dialog[bool]):
    """Password and code once more; True once the API took them."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Caption(self.say(N_("Once more: who are you?")), classes="title")
            yield Line(self.say(NEEDED), lines=True, classes="explained")
            with Vertical(classes="slim spaced"):
                yield Caption(self.say(N_("Password")))
                yield Field(secret=True, id="password")
                yield Caption(self.say(N_("Code of your second factor")))
                yield Field(most=12, id="code")
            yield Wrong()
            with Horizontal(classes="buttons"):
                yield Press(self.say(CANCEL), id="cancel")
                yield Press(self.say(N_("Go on")), "primary", id="do")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "password":
            self.query_one("#code").focus()
        else:
            self._proven()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "do":
            self._proven()
        else:
            self.dismiss(False)

    @work(group="prove", exclusive=True)
    async def _proven(self) -> None:
        code = "".join(self.query_one("#code", Field).value.split())
        body = {"password": self.query_one("#password", Field).value, "code": code}
        try:
            await self.api.post("/session/step-up", body)
        except Refusal as refusal:
            self.query_one("#wrong", Line).say(refusal.message)
            self.query_one("#code", Field).value = ""
            return
        self.dismiss(True)


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to fill in. With `options` (shown, value) one of those; `tick`: yes or no."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    options: Sequence[tuple[str, str]] = ()
    secret: bool = False
    tick: bool = False


class Form(Dialog[Any]):
    """Fields one below the other; gives their values by name ("yes" and "" for ticks).

    With `submit` the values go there first, with proof of identity where the API asks for it: what it refuses is told
    in the form, which keeps what was typed; what it answers is what the form gives.
    """

    def __init__(
        self, title: str, asks: Sequence[Ask], verb: str, explained: str = "", submit: Submit | None = None
    ) -> None:
        super().__init__()
        self._title, self._asks, self._verb, self._explained = title, asks, verb, explained
        self._submit = submit

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Caption(self._title, classes="title")
            if self._explained:
                yield Line(self._explained, lines=True, classes="explained")
            with VerticalScroll(classes="fields slim spaced", can_focus=False):
                for ask in self._asks:
                    yield from self._field(ask)
            yield Wrong()
            with Horizontal(classes="buttons"):
                yield Press(self.say(CANCEL), id="cancel")
                yield Press(self._verb, "primary", id="do")

    def on_mount(self) -> None:
        """The keys go to the first field, and what it is called stays in sight."""
        self.call_after_refresh(self.query_one(".fields").scroll_home, animate=False)

    def _field(self, ask: Ask) -> ComposeResult:
        if ask.tick:
            yield Tick(ask.label, ask.value == "yes", id=ask.name)
            return
        yield Caption(ask.label)
        if ask.options:
            yield Choice(ask.options, ask.value or ask.options[0][1], id=ask.name)
        else:
            yield Field(ask.value, hint=ask.hint, secret=ask.secret, id=ask.name)

    def on_input_submitted(self) -> None:
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id != "do":
            self.dismiss(None)
        elif self._submit is None:
            self.dismiss(self._filled())
        else:
            self._submitted(self._submit)

    @work(group="act", exclusive=True)
    async def _submitted(self, submit: Submit) -> None:
        values = self._filled()
        try:
            answer = await self.post.proven(lambda: submit(values))
        except Refusal as refusal:
            self._refused(*refused.told(refusal, {ask.name: ask.label for ask in self._asks}, values, self.say))
            return
        if answer is not None:
            self.dismiss(answer.content)

    def _refused(self, words: str, name: str | None) -> None:
        """Words and buttons in sight, however long the form is; the wrong field marked, with the keys."""
        self.query_one("#wrong", Line).say(words)
        for each in self._asks:
            self.query_one(f"#{each.name}").set_class(each.name == name, "refused")
        if name is not None:
            self.query_one(f"#{name}").focus()
        self.call_after_refresh(self.query_one(".buttons").scroll_visible, animate=False)

    def _filled(self) -> dict[str, str]:
        return {ask.name: self._value(ask) for ask in self._asks}

    def _value(self, ask: Ask) -> str:
        if ask.tick:
            return "yes" if self.query_one(f"#{ask.name}", Tick).value else ""
        if ask.options:
            return str(self.query_one(f"#{ask.name}", Choice).value)
        return self.query_one(f"#{ask.name}", Field).value.strip()


class ShownOnce(Dialog[None]):
    """What is not shown again: a device's card, recovery codes. Only its button closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "nothing", "", show=False)]

    def __init__(self, title: str, content: str, verb: str) -> None:
        super().__init__()
        self._title, self._content, self._verb = title, content, verb

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall"):
            yield Caption(self._title, classes="title")
            with VerticalScroll(classes="fields"):
                yield Line(self._content, lines=True)
            with Horizontal(classes="buttons"):
                yield Press(self._verb, "primary", id="do")

    def action_nothing(self) -> None:
        """Escape must not throw away what is not shown again."""

    def on_button_pressed(self) -> None:
        self.dismiss(None)
