"""The first room of an account: who it is, in which state, with which keys; and what can be done with it as it is."""

from collections.abc import Iterable, Mapping
from typing import Any

from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button

from bridge.i18n import LANGUAGES, N_
from postex_tui.screens.office.accounts.acts import ACTS
from postex_tui.screens.office.accounts.rooms.room import Room
from postex_tui.screens.words.accounts import MODES, MODES_MEAN, ROLES, STATES, STATES_MEAN, room_used
from postex_tui.screens.words.times import moment
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.plain import Line, Press

RESET_STATES = frozenset({"invited", "registered"})
ERASED = "erased"


class Overview(Room):
    """What the API tells of the account itself."""

    NAME, TITLE, ACTION = "overview", N_("Overview"), "account.read"
    KEYS = {"e": "account.change", "u": "account.suspend"}  # noqa: RUF012 - a table of the class

    def contents(self) -> Iterable[Widget]:
        yield VerticalScroll(Facts(id="account-facts"), Line("", lines=True, id="account-meaning"))
        yield Horizontal(classes="acts")

    async def fetch(self) -> Any:
        return None

    def show(self, content: Any) -> None:
        account = self.detail.account
        self.query_one(Facts).tell((self.say(label), value) for label, value in self._facts(account))
        meaning = [STATES_MEAN[account["state"]], MODES_MEAN[account["mode"]]]
        if account["view"] != "full":
            meaning.append(N_("Your role sees people masked."))
        self.query_one("#account-meaning", Line).say("\n".join(f"· {self.say(each)}" for each in meaning))
        self._offer(account)

    def _facts(self, account: Mapping[str, Any]) -> list[tuple[str, object]]:
        contact = account["contact_email"]
        if contact and not account["contact_email_verified"]:
            contact = self.say(N_("{address}, not verified: nothing is sent to it"), address=contact)
        return [
            (N_("Name"), account["name"]),
            (N_("Name as in law"), account["legal_name"]),
            (N_("Address"), account["email"]),
            (N_("State"), self.say(STATES[account["state"]])),
            (N_("Role"), self.say(ROLES.get(account["role"], account["role"]))),
            (N_("Domain"), account["domain"]),
            (N_("Keys"), self.say(MODES[account["mode"]])),
            (N_("Language"), LANGUAGES.get(account["locale"], account["locale"])),
            (N_("Room"), room_used(account, self.say)),
            (N_("Contact address elsewhere"), contact),
            (N_("Telephone"), account["phone"]),
            (N_("Postal address"), (account["postal_address"] or "").replace("\n", ", ") or None),
            (N_("Made"), moment(account["created_at"])),
            (N_("Mode accepted by its owner"), moment(account["accepted_at"])),
            (N_("Closed"), moment(account["closed_at"])),
        ]

    def _offer(self, account: Mapping[str, Any]) -> None:
        """Buttons for what its state and one's rights allow."""
        state, may = account["state"], self.detail.may
        offered = [(act.verb, act.name) for act in ACTS.values() if state in act.states and may(act.action)]
        if state in RESET_STATES and may("account.reset") and not self.detail.is_own:
            offered.append((N_("Reset"), "reset"))
        if may("account.change") and state != ERASED:
            offered.insert(0, (N_("Edit"), "edit"))
        if may("account.erase") and state != ERASED:
            offered.append((N_("Erase"), "erase"))
        self.detail.call_later(self._put, [self._press(verb, name) for verb, name in offered])

    def _press(self, verb: str, name: str) -> Press:
        return Press(self.say(verb), "error" if name == "erase" else "default", id=f"act-{name}")

    async def _put(self, made: list[Press]) -> None:
        row = self.query_one(".acts", Horizontal)
        focused = self.detail.focused.id if self.detail.focused else None
        await row.remove_children()
        await row.mount(*made)
        for press in made:
            if press.id == focused:
                press.focus()

    @on(Button.Pressed)
    def _chosen(self, event: Button.Pressed) -> None:
        event.stop()
        self.detail.begin((event.button.id or "").removeprefix("act-"))

    def pressed(self, key: str) -> None:
        if key == "u":
            self.detail.take_back()
        else:
            self.detail.begin("edit")
