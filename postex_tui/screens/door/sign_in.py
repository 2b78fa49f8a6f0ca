"""Signing in: address, password, a code of the second factor (S75)."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Footer, Input

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.replies import CLIENT
from postex_tui.screens.door.enrol import enrol
from postex_tui.screens.door.ways_back import find_back
from postex_tui.screens.section import WordedScreen
from postex_tui.widgets.plain import Caption, Field, Line, Press

FIELDS = ("email", "password", "code")


class SignIn(WordedScreen[None]):
    """`why`: what is to be told first, such as that a session ended."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4", "app.next_language", N_("Nederlands")),
        Binding("f6", "enrol", N_("I have a code")),
        Binding("f7", "find_back", N_("I lost something")),
    ]

    def __init__(self, email: str = "", why: str = "") -> None:
        super().__init__()
        self._email, self._why = email, why

    def compose(self) -> ComposeResult:
        with Vertical(classes="box", id="sign-in"):
            yield Caption("Postex", classes="title")
            yield Line(
                self.say(N_("Sign in with your address, your password and a code of your second factor.")), lines=True
            )
            yield Caption(self.say(N_("Your address")))
            yield Field(self._email, id="email")
            yield Caption(self.say(N_("Password")))
            yield Field(secret=True, id="password")
            yield Caption(self.say(N_("Code of your second factor")))
            yield Field(most=12, id="code")
            yield Line(self._why, id="wrong", lines=True)
            yield Press(self.say(N_("Sign in")), "primary", id="do")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#password" if self._email else "#email").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field, and at the last one in."""
        at = FIELDS.index(event.input.id or "email")
        if at + 1 < len(FIELDS):
            self.query_one(f"#{FIELDS[at + 1]}").focus()
        else:
            self._knocked()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self._knocked()

    @work(group="sign-in", exclusive=True)
    async def _knocked(self) -> None:
        values = {name: self.query_one(f"#{name}", Field).value for name in FIELDS}
        values["code"] = "".join(values["code"].split())
        self.query_one("#wrong", Line).say(self.say(N_("One moment …")))
        try:
            session = await self.api.post("/sign-in", {**values, "client": CLIENT})
        except Refusal as refusal:
            self.query_one("#wrong", Line).say(refusal.message)
            self.query_one("#code", Field).value = ""
            return
        self.post.signed_in(session)
        self.post.go_on()

    @work(group="ask", exclusive=True)
    async def action_enrol(self) -> None:
        if await enrol(self, self.query_one("#email", Field).value):
            self.post.go_on()

    @work(group="ask", exclusive=True)
    async def action_find_back(self) -> None:
        await find_back(self, self.query_one("#email", Field).value)
