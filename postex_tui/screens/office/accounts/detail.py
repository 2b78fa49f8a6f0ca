"""One account, as far as one's rights go: rooms behind each other, and what can be done with it (S9, S63–S65)."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import TabbedContent

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.connection import Event
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.office.accounts import forms, shown_code
from postex_tui.screens.office.accounts.acts import ACTS, Act, carried_out, path_of
from postex_tui.screens.office.accounts.rooms.access import Devices, Roles, Sessions
from postex_tui.screens.office.accounts.rooms.kept import Addresses, Changes, Deliveries, Erasure, Holds
from postex_tui.screens.office.accounts.rooms.overview import Overview
from postex_tui.screens.office.accounts.rooms.room import Room
from postex_tui.screens.office.accounts.rooms.sender import Writing
from postex_tui.screens.section import DetailScreen
from postex_tui.screens.words.accounts import who
from postex_tui.terminal.safe_text import safe_text
from postex_tui.widgets.paged_grid import PagedGrid
from postex_tui.widgets.plain import Line

ROOMS: tuple[type[Room], ...] = (
    Overview,
    Writing,
    Devices,
    Sessions,
    Roles,
    Holds,
    Addresses,
    Changes,
    Deliveries,
    Erasure,
)
WOULD_CLOSE = "documents-would-close"


class AccountDetail(DeedScreen, DetailScreen):
    """`subject`: its id. `room`: in which of its rooms one begins."""

    NAME = "accounts"
    LISTENS = frozenset({"sessions"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "room('n')", N_("New")),
        Binding("e", "room('e')", N_("Edit")),
        Binding("d", "room('d')", N_("Remove")),
        Binding("w", "room('w')", N_("Why")),
        Binding("u", "room('u')", N_("Undo")),
        Binding("x", "room('x')", N_("Save")),
        *(Binding(str(number % 10), f"enter({number})", show=False) for number in range(1, 11)),
    ]

    def __init__(self, subject: str, room: str = Overview.NAME) -> None:
        super().__init__(subject)
        self._first = room
        self._rooms: TabbedContent | None = None
        self.account: Mapping[str, Any] = {}
        self._back: Act | None = None
        self._by_key = False

    # --- what is seen ---

    @property
    def path(self) -> str:
        return path_of(self.subject)

    @property
    def who(self) -> str:
        """As it is called in a sentence."""
        return who(self.account)

    @property
    def is_own(self) -> bool:
        return self.post.session is not None and self.post.session.account == self.subject

    def may(self, action: str) -> bool:
        """Whether one's rights go beyond oneself, or the account is one's own."""
        reach = self.post.reach.get(action)
        return reach is not None and (reach != "self" or self.is_own)

    def contents(self) -> Iterable[Widget]:
        yield Line("", id="who")
        self._rooms = TabbedContent(id="rooms", initial=self._first)
        with self._rooms:
            for room in ROOMS:
                if self.may(room.ACTION):
                    yield room(self.say)

    @property
    def room(self) -> Room | None:
        """The one in which one is."""
        pane = self._rooms.active_pane if self._rooms is not None and self._rooms.is_mounted else None
        return pane if isinstance(pane, Room) else None

    async def fetch(self) -> Any:
        self.account, room = await self.api.get(self.path), self.room
        if room is None:
            return None, None
        await room.furnish()
        return room, await room.fetch()

    def show(self, content: Any) -> bool:
        room, found = content
        self.query_one("#who", Line).say(self.who)
        rooms = self.query_one(TabbedContent)
        for each in self.query(Room):
            if not self._has(each):
                rooms.hide_tab(each.NAME)
        if room is not None:
            room.show(found)
            self._focus_in(room)
        self.refresh_bindings()
        return True

    def _focus_in(self, room: Room) -> None:
        """Whoever came by its number goes on with keys. A focus in another room would lead back to that."""
        if self._by_key and room is self.room:
            self._by_key = False
            for grid in room.query(PagedGrid):
                self.call_after_refresh(grid.focus)

    def _has(self, room: Room) -> bool:
        return not room.SENDERS_ALONE or self.account["role"] == "sender"

    @property
    def _is_gone(self) -> bool:
        return bool(self.account["state"] == "erased")

    @on(TabbedContent.TabActivated)
    def _entered(self) -> None:
        self._first = self.query_one(TabbedContent).active
        if self.account:
            self.reload()
            self.refresh_bindings()

    def on_live(self, event: Event) -> None:
        if event.kind != "sessions" or event.data.get("account") == self.subject:
            self.reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action != "room":
            return True
        room, key = self.room, str(parameters[0])
        if room is None or key not in room.KEYS or not self.account:
            return False
        if (key == "u" and isinstance(room, Overview) and self._back is None) or (self._is_gone and key != "x"):
            return False
        return self.may(room.KEYS[key]) and room.can(key)

    @on(PagedGrid.RowHighlighted)
    def _moved(self) -> None:
        self.refresh_bindings()

    def action_room(self, key: str) -> None:
        if self.room is not None:
            self.room.pressed(key)

    def action_enter(self, number: int) -> None:
        rooms = [each.NAME for each in self.query(Room) if self.account and self._has(each)]
        if number <= len(rooms):
            self._by_key = True
            self.query_one(TabbedContent).active = rooms[number - 1]

    # --- what is done ---

    def begin(self, name: str) -> None:
        """An act on the account itself, by its name."""
        match name:
            case "edit":
                self._edit()
            case "reset":
                self._reset()
            case "erase":
                self._erase()
            case _:
                self._turn(ACTS[name])

    @work(group="ask")
    async def _turn(self, act: Act) -> None:
        asked = Confirm(
            self.say(act.title, who=safe_text(self.account["name"] or self.account["id"], 30)),
            self.say(act.happens, who=self.who),
            self.say(act.verb),
            grave=act.grave,
        )
        if await self.post.push_screen_wait(asked):
            self.act(lambda: carried_out(self.api, act, self.account), lambda answer: self._turned(act, answer))

    def _turned(self, act: Act, answer: Any) -> None:
        self._back = ACTS[act.back] if act.back else None
        words = self.say(act.done, who=self.who)
        self.is_done(f"{words} {self.say(N_('Press u to undo.'))}" if self._back else words)
        if act.name == "invite":
            self._code(N_("A new enrolment code"), shown_code.enrolment(self.say, self.account, answer))

    def take_back(self) -> None:
        """What was done last here."""
        if self._back is not None:
            self._turn(self._back)

    def _code(self, title: str, content: str) -> None:
        verb = self.say(N_("I have passed it on"))
        self.post.push_screen(shown_code.ShownCode(self.say(title), content, verb, "postex-code.txt"))

    def _edit(self) -> None:
        async def changed(values: Mapping[str, str]) -> Any:
            body = forms.changed_account_body(self.say, values, self.account)
            return await self.api.patch(self.path, body) if body else True

        asks = forms.changed_account(self.say, self.account)
        explained = self.say(
            N_("{who} is told of a new name, address or number, and can undo it for 24 hours."), who=self.who
        )
        form = Form(self.say(N_("Change the account")), asks, self.say(N_("Save")), explained, changed)
        self.filled(form, self.say(N_("Saved.")))

    @work(group="ask")
    async def _reset(self) -> None:
        happens = N_(
            "You get a one-time code for {who}, which works for 72 hours; you never see the password that is chosen"
            " with it. Until it is used, password, devices and recovery codes work on. A message in the mailbox tells"
            " of it. No document is opened by it."
        )
        lost = self.say(N_("The second factor is lost too (a second person must approve)"))
        tick = Ask("second_factor", lost, tick=True)
        title, verb = self.say(N_("Reset the password?")), self.say(N_("Make the code"))
        form = Form(title, [tick], verb, self.say(happens, who=self.who), self._reset_with)
        made = await self.post.push_screen_wait(form)
        if isinstance(made, Refusal):
            if await self.post.push_screen_wait(Confirm(title, made.message, verb, grave=True)):
                self.act(lambda: self._asked_reset(closes=True), self._was_reset)
        elif made is not None:
            self._was_reset(made)

    async def _reset_with(self, values: Mapping[str, str]) -> Any:
        """The code; or why it needs to be asked once more."""
        try:
            return await self._asked_reset(second_factor=bool(values["second_factor"]))
        except Refusal as refusal:
            if refusal.code == WOULD_CLOSE:
                return refusal
            raise

    async def _asked_reset(self, *, closes: bool = False, second_factor: bool = False) -> Any:
        body = {"closes_documents": closes, "second_factor": second_factor}
        return await self.api.post(f"{self.path}/reset", body)

    def _was_reset(self, made: Any) -> None:
        self._code(N_("A one-time code"), shown_code.reset(self.say, self.account, made))
        self.reload()

    @work(group="ask")
    async def _erase(self) -> None:
        happens = N_(
            "The account of {who} is closed now, and erased for good when its trash window is over: its documents,"
            " its keys, its addresses. After that nobody can bring anything back, not even from a backup. Until then"
            " it can be had back here. To go on, type its address."
        )
        asks = [Ask("email", self.say(N_("Address")), hint=self.account["email"] or "")]
        title, verb = self.say(N_("Erase this account?")), self.say(N_("Erase"))
        form = Form(title, asks, verb, self.say(happens, who=self.who), self._erased)
        if await self.post.push_screen_wait(form) is not None:
            self.is_done(self.say(N_("Closed; it waits for its erasure.")))
            self.query_one(TabbedContent).active = Erasure.NAME

    async def _erased(self, values: Mapping[str, str]) -> Any:
        if values["email"].lower() != (self.account["email"] or "").lower():
            raise Refusal("other-address", self.say(N_("That is not the address of this account. Nothing was done.")))
        return await self.api.post(f"{self.path}/erasure")

    def keep(self) -> None:
        """Take an erasure back that waits."""
        happens = N_("The account of {who} is again what it was before: mail is taken, and sign-in is open.")
        title, verb = self.say(N_("Have this account back?")), self.say(N_("Have it back"))
        asked = Confirm(title, self.say(happens, who=self.who), verb)
        self.sure(asked, lambda: self.api.delete(f"{self.path}/erasure"), self.say(N_("It is not erased.")))

    @work(group="ask")
    async def save_receipt(self, erasure: Mapping[str, Any]) -> None:
        content = json.dumps(erasure["receipt"], ensure_ascii=False, indent=2).encode()
        await self.post.hand_over(f"postex-erasure-{erasure['id']}.json", content)
