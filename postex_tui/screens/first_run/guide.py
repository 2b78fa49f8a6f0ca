"""A first run as the owner: a sender, a recipient, and a document from the one to the other, seen to arrive.

Contract. What is missing is made; a bridge that has both goes on to the test document. The owner makes accounts, each
with a first device; passwords are shown once and stay in this screen for the test, no longer.
"""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button

from bridge.i18n import LANGUAGES, N_
from postex_tui.answers import Refusal
from postex_tui.connection import Event
from postex_tui.first_run.letter import Hand, hand_in, letter
from postex_tui.first_run.steps import Facts, Step, listed, step_of
from postex_tui.screens import device_card
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.office.accounts import shown_code
from postex_tui.screens.section import DetailScreen
from postex_tui.widgets.plain import Line, Press

WHAT = {
    Step.SENDER: N_(
        "A sender is an organisation or a program that hands documents in. It gets an account, the addresses that it"
        " writes as, and a device: a password for its program."
    ),
    Step.RECIPIENT: N_(
        "A recipient reads with any mail program. Its account comes with a first device: you see a card to pass on,"
        " with a code to scan; and a code with which the recipient takes the account over."
    ),
    Step.DOCUMENT: N_("Now a document goes the way that all go: by SMTP over TLS, from the sender to the recipient."),
    Step.DONE: N_(
        "The document has arrived. Next: make somebody admin of the domain (section Roles), who does the daily work;"
        " make a backup (section Backups); tell systemd to start the bridge (docs/admins.md)."
    ),
}
VERBS = {
    Step.SENDER: N_("Make the sender"),
    Step.RECIPIENT: N_("Make the recipient"),
    Step.DOCUMENT: N_("Send a test document"),
    Step.DONE: N_("To the dashboard"),
}
TAKEN = N_("The bridge has the document (250). Waiting until it lies in the mailbox …")
NO_PASSWORD = N_(
    "The password of the sender's device was shown once. If nobody has it any more, its owner makes a new device."
)


class Guide(DetailScreen):
    """Over the dashboard; Escape leaves it, and the next sign-in leads back while something is missing."""

    NAME = "dashboard"
    LISTENS = frozenset({"arrivals"})
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", N_("Later"))]

    def __init__(self) -> None:
        super().__init__("first-run")
        self._made: Hand | None = None
        self._sender: Hand | None = None
        """The one that was made here, or typed in."""
        self._recipient = ""
        self._sent = self._arrived = False
        self._domain = ""
        self._step = Step.SENDER

    def contents(self) -> Iterable[Widget]:
        yield Line("", id="steps", lines=True)
        yield Line("", id="what", lines=True)
        yield Line("", id="wrong", lines=True)
        yield Horizontal(Press("…", "primary", id="do"), classes="acts")

    async def fetch(self) -> Any:
        self._domain = (await self.api.get("/domains", limit=1))["items"][0]["name"]
        found = [
            bool((await self.api.get("/accounts", role=role, limit=1))["items"]) for role in ("sender", "recipient")
        ]
        return Facts(sender=found[0], recipient=found[1], arrived=self._arrived)

    def show(self, content: Facts) -> bool:
        self._step = step_of(content)
        self.query_one("#steps", Line).say(listed(self.say, self._step))
        is_under_way = self._sent and not self._arrived
        self.query_one("#what", Line).say(self.say(TAKEN if is_under_way else WHAT[self._step]))
        button = self.query_one("#do", Press)
        button.say(self.say(VERBS[self._step]))
        button.refresh(layout=True)
        button.focus()
        return True

    def on_live(self, event: Event) -> None:
        """The owner hears how many came; after the hand-in that is this one."""
        if self._sent and event.kind == "arrivals":
            self._arrived = True
            self.reload()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        match self._step:
            case Step.SENDER:
                self._make_sender()
            case Step.RECIPIENT:
                self._make_recipient()
            case Step.DOCUMENT:
                self._send()
            case _:
                self.action_back()

    @work(group="ask", exclusive=True)
    async def _make_sender(self) -> None:
        asks = [
            Ask("email", self.say(N_("Its account")), f"erp@{self._domain}"),
            Ask("name", self.say(N_("Name of the organisation"))),
            Ask("identity", self.say(N_("It writes as (From; empty: its account)"))),
            Ask("device", self.say(N_("Its device")), "erp"),
        ]
        title, submit = self.say(N_("The first sender")), partial(self._add, "sender")
        made = await self.post.push_screen_wait(Form(title, asks, self.say(N_("Make")), submit=submit))
        if made is not None:
            device, account = made["device"], made["account"]
            writes_as = made["identities"][0] if made["identities"] else account["email"]
            self._sender = self._made = Hand(device["username"], device["password"], writes_as)
            await self._hand_out(made)

    @work(group="ask", exclusive=True)
    async def _make_recipient(self) -> None:
        languages = [(name, locale) for locale, name in LANGUAGES.items()]
        asks = [
            Ask("email", self.say(N_("Address")), hint=f"anna@{self._domain}"),
            Ask("name", self.say(N_("Name"))),
            Ask("locale", self.say(N_("Language")), self.post.locale, options=languages),
            Ask("device", self.say(N_("Its device")), self.say(N_("phone"))),
        ]
        title, submit = self.say(N_("The first recipient")), partial(self._add, "recipient")
        made = await self.post.push_screen_wait(Form(title, asks, self.say(N_("Make")), submit=submit))
        if made is not None:
            self._recipient = made["account"]["email"]
            await self._hand_out(made)

    async def _add(self, role: str, values: Mapping[str, str]) -> Any:
        body: dict[str, object] = {
            "email": values["email"],
            "name": values["name"] or None,
            "role": role,
            "locale": values.get("locale", self.post.locale),
            "identities": [values["identity"]] if values.get("identity") else [],
            "device": values["device"] or role,
        }
        return await self.api.post("/accounts", body)

    async def _hand_out(self, made: Mapping[str, Any]) -> None:
        """The card of the device, then the code: by different ways to the person."""
        account, verb = made["account"], self.say(N_("I have it"))
        title = self.say(N_("The card, shown this once"))
        await device_card.shown(self, made["device"], account["name"], title, verb)
        words = shown_code.enrolment(self.say, account, {**made, "device": None})
        title = self.say(N_("And the code, by another way"))
        await self.post.push_screen_wait(shown_code.ShownCode(title, words, verb, "postex-code.txt"))
        self.reload()

    @work(group="ask", exclusive=True)
    async def _send(self) -> None:
        self.query_one("#wrong", Line).say("")
        if self._sender is None or not self._recipient:
            await self._ask_hands()
        if self._sender is None:
            return
        try:
            connection = await self.api.get("/connection")
            made = letter(self.say, self._sender, self._recipient)
            self._sent = True  # before it goes: it may be heard to arrive before its 250 is
            await asyncio.to_thread(hand_in, self.say, connection, self._sender, made)
        except Refusal as refusal:
            self._sent = False
            self._sender = self._made
            self.query_one("#wrong", Line).say(refusal.message)
            return
        self.reload()

    async def _ask_hands(self) -> None:
        """Whoever closed the app in between types what was shown then."""
        asks = [
            Ask("username", self.say(N_("The sender's account")), f"erp@{self._domain}"),
            Ask("password", self.say(N_("Password of its device")), secret=True),
            Ask("address", self.say(N_("It writes as (From; empty: its account)"))),
            Ask("recipient", self.say(N_("The recipient's address")), self._recipient),
        ]
        form = Form(self.say(N_("A test document")), asks, self.say(N_("Send")), self.say(NO_PASSWORD))
        values = await self.post.push_screen_wait(form)
        if values is not None:
            self._sender = Hand(values["username"], values["password"], values["address"] or values["username"])
            self._recipient = values["recipient"]
