"""Rooms of an account: by what it is opened, and who may do what with it."""

from bridge.i18n import N_
from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.office.accounts.rooms.room import Listing
from postex_tui.screens.words.accounts import ROLES
from postex_tui.screens.words.times import day, moment
from postex_tui.widgets.paged_grid import Item

DOORS = {"imap": N_("reads and files"), "imap-read": N_("reads"), "smtp-send": N_("sends")}


class Devices(Listing):
    """Device passwords (S25)."""

    NAME, TITLE, ACTION = "devices", N_("Devices"), "device.list"
    PLACE, WITHIN = "devices", "devices"
    KEYS = {"d": "device.revoke"}  # noqa: RUF012 - a table of the class
    EMPTY = N_("No device. Its owner makes them: My post › Devices (n).")
    COLUMNS = (
        ("label", N_("Device"), 22),
        ("scopes", N_("May"), 16),
        ("state", N_("State"), 12),
        ("last", N_("Last used"), 10),
        ("network", N_("From"), 20),
        ("client", N_("Program"), 24),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        may = ", ".join(self.say(DOORS.get(scope, scope)) for scope in item["scopes"])
        used = day(item["last_used_at"]) or "–"
        label = item["label"] or self.say(N_("device {id}"), id=item["id"])
        return str(item["id"]), [label, may, self._state(item), used, item["last_network"], item["last_client"]]

    def _state(self, item: Item) -> str:
        if item["revoked_at"] is not None:
            return self.say(N_("revoked"))
        return self.say(N_("{count} online"), count=item["sessions"]) if item["sessions"] else self.say(N_("in use"))

    def fits(self, item: Item) -> bool:
        return item["revoked_at"] is None

    def pressed(self, key: str) -> None:
        device = self.here
        if device is None:
            return
        label = device["label"] or device["id"]
        happens = N_(
            "{who} cannot read or send with the device {label} any more: its sessions end within a second. Documents"
            " stay where they are. A message in the mailbox tells of it. It cannot be taken back: its owner makes a"
            " new device."
        )
        asked = Confirm(
            self.say(N_("Revoke the device {label}?"), label=label),
            self.say(happens, who=self.detail.who, label=label),
            self.say(N_("Revoke")),
            grave=True,
        )
        path = f"{self.detail.path}/devices/{device['id']}"
        self.detail.sure(asked, lambda: self.detail.api.delete(path), self.say(N_("Revoked: {label}."), label=label))


class Sessions(Listing):
    """Who is signed in at this moment."""

    NAME, TITLE, ACTION = "sessions", N_("Sessions"), "session.list"
    PLACE, WITHIN = "sessions", "sessions"
    KEYS = {"d": "session.end"}  # noqa: RUF012 - a table of the class
    EMPTY = N_("Nobody is signed in.")
    COLUMNS = (
        ("door", N_("Door"), 9),
        ("label", N_("Device"), 22),
        ("since", N_("Since"), 11),
        ("network", N_("From"), 20),
        ("tls", N_("Line"), 9),
        ("client", N_("Program"), 24),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        label = item["label"] or ("" if item["device"] is None else item["device"])
        cells = [label, (moment(item["since"]) or "")[5:], item["network"], item["tls_version"], item["client"]]
        return item["id"], [item["door"], *cells]

    def pressed(self, key: str) -> None:
        session = self.here
        if session is None:
            return
        mail = N_("The mail program of {who} is cut off, but may sign in again. To keep it out, revoke its device.")
        control = N_("{who} is signed out there now, and can sign in again.")
        asked = Confirm(
            self.say(N_("End this session?")),
            self.say(mail if session["kind"] == "mail" else control, who=self.detail.who),
            self.say(N_("End it")),
        )
        path = f"{self.detail.path}/sessions/{session['id']}"
        self.detail.sure(asked, lambda: self.detail.api.delete(path), self.say(N_("The session is over.")))


class Roles(Listing):
    """What it may do beyond its own account; given and taken in the section of roles."""

    NAME, TITLE, ACTION = "roles", N_("Roles"), "grant.list"
    PLACE = "grants"
    KEYS = {"e": "grant.add"}  # noqa: RUF012 - a table of the class
    EMPTY = N_("No role beyond its own account. Press e for the section where roles are given.")
    COLUMNS = (
        ("role", N_("Role"), 14),
        ("domain", N_("Domain"), 24),
        ("ticket", N_("Ticket"), 12),
        ("ends", N_("Until"), 10),
        ("used", N_("Last used"), 10),
        ("lapses", N_("Lapses"), 10),
    )

    async def _page(self, after: str | None) -> Item:
        found: Item = await self.detail.api.get("/grants", account=self.detail.subject, after=after)
        return found

    def row(self, item: Item) -> tuple[str, list[object]]:
        domain = item["domain"] or self.say(N_("the whole bridge"))
        used, lapses = day(item["used_at"]) or "–", day(item["lapses_at"])
        role = self.say(ROLES[str(item["role"])])
        return str(item["id"]), [role, domain, item["ticket"], day(item["ends_at"]), used, lapses]

    def pressed(self, key: str) -> None:
        if any(section.name == "roles" for section in self.detail.post.offers):
            self.detail.post.go("roles")
