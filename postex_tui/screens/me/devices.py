"""One's own devices and sessions: each with a password or a line of its own, ended one by one (S25)."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import TabbedContent

from bridge.i18n import N_
from postex_tui.moments import as_epoch
from postex_tui.screens import device_card
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.office.accounts.rooms.access import DOORS
from postex_tui.screens.words.accounts import LONGEST
from postex_tui.screens.words.times import day, moment
from postex_tui.terminal.safe_text import safe_text
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line, Pane

PATH = "/accounts/me/devices"
KINDS = {
    "both": (N_("read and send (a mail program)"), ("imap", "smtp-send")),
    "read": (N_("read and file"), ("imap",)),
    "look": (N_("read, change nothing"), ("imap-read",)),
    "send": (N_("send alone (a program, a scanner)"), ("smtp-send",)),
}
"""What a device may do, as people choose it."""
REVOKED = N_(
    "With {label} nobody can read or send any more: its sessions end within a second. Your documents stay where they"
    " are. This cannot be taken back: make a new device instead."
)
CUT_OFF = N_("The mail program is cut off within a second, but may sign in again. To keep it out, revoke its device.")
SIGNED_OUT = N_("The program is signed out there within a second, and can sign in again.")
YOURSELF = N_("This is the session you are in: the app goes back to the door.")
NETWORKS = N_("From these networks alone")
EVERYWHERE = N_("such as 10.0.0.0/8; empty: from everywhere")
UNTIL = N_("Until")
ENDLESS = N_("a day such as 2027-12-31; empty: without end")


class Devices(DeedScreen):
    """Two rooms: devices, and who is signed in at this moment."""

    NAME = "my-devices"
    LISTENS = frozenset({"sessions"})
    EMPTY = N_("You have no device yet. Press n: you get a password for a mail program, and a code to scan.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", N_("New device")),
        Binding("e", "change", N_("Change")),
        Binding("d", "end", N_("End it")),
        Binding("1", "room('devices')", show=False),
        Binding("2", "room('sessions')", show=False),
    ]

    # --- what is seen ---

    def contents(self) -> Iterable[Widget]:
        with TabbedContent(id="rooms"):
            with Pane(self.say(N_("Devices")), id="devices"):
                yield Line(self.say(self.EMPTY), classes="none", lines=True)
                yield PagedGrid(self._device_columns(), self._device, id="device-list")
            with Pane(self.say(N_("Signed in now")), id="sessions"):
                yield PagedGrid(self._session_columns(), self._session, id="session-list")

    def _device_columns(self) -> list[tuple[str, object, int]]:
        return [
            ("label", self.say(N_("Device")), 20),
            ("scopes", self.say(N_("May")), 22),
            ("state", self.say(N_("State")), 10),
            ("last", self.say(N_("Last used")), 10),
            ("ends", self.say(N_("Until")), 10),
        ]

    def _session_columns(self) -> list[tuple[str, object, int]]:
        return [
            ("what", self.say(N_("What")), 28),
            ("since", self.say(N_("Since")), 11),
            ("network", self.say(N_("From")), 18),
            ("tls", self.say(N_("Line")), 7),
            ("client", self.say(N_("Program")), 17),
        ]

    def _device(self, item: Item) -> tuple[str, list[object]]:
        both = set(item["scopes"]) == set(KINDS["both"][1])
        doors = [self.say(DOORS.get(scope, scope)) for scope in item["scopes"]]
        may = self.say(N_("reads and sends")) if both else ", ".join(doors)
        used, ends = day(item["last_used_at"]) or "–", day(item["expires_at"]) or "–"
        return str(item["id"]), [item["label"] or "", may, self._state(item), used, ends]

    def _state(self, item: Item) -> str:
        if item["revoked_at"] is not None:
            return self.say(N_("revoked"))
        if item["sessions"]:
            return self.say(N_("{count} online"), count=item["sessions"])
        return self.say(N_("in use"))

    def _session(self, item: Item) -> tuple[str, list[object]]:
        named = item["label"] or (item["door"] if item["kind"] == "mail" else self.say(N_("terminal or script")))
        what = self.say(N_("this one: {what}"), what=named) if item["current"] else named
        since = (moment(item["since"]) or "")[5:]
        return item["id"], [what, since, item["network"] or "", item["tls_version"] or "", item["client"] or ""]

    async def fetch(self) -> Any:
        devices = await self.api.get(PATH)
        return devices["devices"], (await self.api.get("/accounts/me/sessions"))["sessions"]

    def show(self, content: Any) -> bool:
        devices, sessions = content
        newest = sorted(devices, key=lambda each: (each["revoked_at"] is not None, -each["id"]))
        there = self._list("device-list").begin_whole(newest)
        self.query_one("#devices").set_class(not there, "bare")
        self._list("session-list").begin_whole(sessions)
        self.refresh_bindings()
        return True

    def _list(self, name: str) -> PagedGrid:
        return self.query_one(f"#{name}", PagedGrid)

    @property
    def _is_in_sessions(self) -> bool:
        rooms = self.query(TabbedContent)
        return bool(rooms) and rooms.first().active == "sessions"

    @property
    def _here(self) -> Item | None:
        """What can be changed or ended: a device that is in use, or a session."""
        if not self.has_class("ready"):
            return None
        item = self._list("session-list" if self._is_in_sessions else "device-list").here
        return item if item is None or self._is_in_sessions or item["revoked_at"] is None else None

    @on(TabbedContent.TabActivated)
    def _entered(self) -> None:
        self.refresh_bindings()
        if self.has_class("ready"):
            self._list("session-list" if self._is_in_sessions else "device-list").focus()

    @on(PagedGrid.RowHighlighted)
    def _moved(self) -> None:
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("change", "end"):
            return self._here is not None and (action == "end" or not self._is_in_sessions)
        return True

    def action_room(self, name: str) -> None:
        self.query_one("#rooms", TabbedContent).active = name

    # --- what is done ---

    @work(group="ask")
    async def action_new(self) -> None:
        options = [(self.say(words), kind) for kind, (words, _) in KINDS.items()]
        asks = [
            Ask("label", self.say(N_("Its name, such as phone"))),
            Ask("kind", self.say(N_("It may")), options=options, value=self._usual),
            Ask("until", self.say(UNTIL), hint=self.say(ENDLESS)),
            Ask("networks", self.say(NETWORKS), hint=self.say(EVERYWHERE)),
        ]
        explained = self.say(
            N_("It gets a password of its own, which you see once. A message in your mailbox tells.")
        )
        form = Form(self.say(N_("New device")), asks, self.say(N_("Make")), explained, self._make)
        made = await self.post.push_screen_wait(form)
        if made is not None:
            device = {**made["device"], "username": made["username"], "password": made["password"]}
            title, verb = self.say(N_("Shown this once")), self.say(N_("I have it"))
            await device_card.shown(self, device, made["name"], title, verb)
            self.reload()

    @property
    def _usual(self) -> str:
        return "send" if self.post.session is not None and "sender" in self.post.session.roles else "both"

    async def _make(self, values: Mapping[str, str]) -> Any:
        body = {"label": values["label"], "scopes": KINDS[values["kind"]][1], **_bounds(values)}
        made = await self.api.post(PATH, body)
        return {**made, "name": (await self.api.get("/me"))["name"]}

    def action_change(self) -> None:
        device = self._here
        if device is None or self._is_in_sessions:
            return
        asks = [
            Ask("label", self.say(N_("Its name, such as phone")), device["label"] or ""),
            Ask("until", self.say(UNTIL), day(device["expires_at"]), self.say(ENDLESS)),
            Ask("networks", self.say(NETWORKS), ", ".join(device["networks"] or []), self.say(EVERYWHERE)),
        ]
        submit = partial(self._changed, device)
        form = Form(self.say(N_("Change the device")), asks, self.say(N_("Change")), submit=submit)
        self.filled(form, lambda changed: self.say(N_("Changed: {label}."), label=_named(changed)))

    async def _changed(self, device: Item, values: Mapping[str, str]) -> Any:
        """The end stays to the second where nobody touched its day."""
        wanted = {"label": values["label"], **_bounds(values)}
        if values["until"] == day(device["expires_at"]):
            del wanted["expires_at"]
        return await self.api.patch(f"{PATH}/{device['id']}", wanted)

    def action_end(self) -> None:
        here = self._here
        if here is None:
            return
        if self._is_in_sessions:
            self._end_session(here)
        else:
            self._revoke(here)

    def _revoke(self, device: Item) -> None:
        label = _named(device)
        asked = Confirm(
            self.say(N_("Revoke the device {label}?"), label=label),
            self.say(REVOKED, label=label),
            self.say(N_("Revoke")),
            grave=True,
        )
        told = self.say(N_("Revoked: {label}."), label=label)
        self.sure(asked, lambda: self.api.delete(f"{PATH}/{device['id']}"), told)

    def _end_session(self, session: Item) -> None:
        happens = YOURSELF if session["current"] else CUT_OFF if session["kind"] == "mail" else SIGNED_OUT
        asked = Confirm(self.say(N_("End this session?")), self.say(happens), self.say(N_("End it")))
        path = f"/accounts/me/sessions/{session['id']}"
        self.sure(asked, lambda: self.api.delete(path), self.say(N_("The session is over.")))


def _bounds(values: Mapping[str, str]) -> dict[str, object]:
    """Refusal if the day is none."""
    networks = [each.strip() for each in values["networks"].split(",") if each.strip()]
    return {"expires_at": as_epoch(values["until"]) if values["until"] else None, "networks": networks}


def _named(device: Item) -> str:
    return safe_text(device["label"] or device["id"], LONGEST)
