"""How the bridge stands: what needs doing first, then figures with the last hour and day drawn (live)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from textual import on
from textual.containers import Grid, Vertical
from textual.widget import Widget

from bridge.i18n import N_, Amount
from postex_tui.screens.paced import PacedScreen
from postex_tui.screens.words.accounts import STATES
from postex_tui.screens.words.times import ago, day, moment
from postex_tui.widgets.plain import Line
from postex_tui.widgets.tile import Board, Need, Place, Tile

GB = 10**9
SEVERITIES = {"critical": N_("CRITICAL"), "warning": N_("WARNING"), "notice": N_("NOTICE")}
CHANNELS = {
    "mailbox": N_("mailbox"),
    "external": N_("mailbox elsewhere"),
    "email": N_("e-mail"),
    "paper": N_("paper"),
    "refuse": N_("refused"),
}
ALL_WELL = N_("Nothing needs doing.")
TILES: Sequence[tuple[str, str, str, bool]] = (
    ("arrivals", N_("Arrivals, last hour"), "deliveries", True),
    ("day", N_("Arrivals, last 24 hours"), "deliveries", True),
    ("jobs", N_("Outbox"), "outbox", False),
    ("live", N_("Sessions"), "sessions", False),
    ("people", N_("Accounts"), "accounts", False),
    ("disk", N_("Disk"), "settings", False),
    ("certificate", N_("Certificate"), "settings", False),
    ("backup", N_("Backup"), "backups", False),
    ("service", N_("Bridge"), "service-log", False),
)
"""(id, title, section, with the course of it drawn), the most important first."""
OF_MACHINE = ("disk", "certificate", "backup", "service")
WRONG = {
    "certificate-unreadable": "certificate",
    "certificate-ended": "certificate",
    "certificate-ends": "certificate",
    "no-backup": "backup",
    "drill-failed": "backup",
    "disk-full": "disk",
    "not-running": "service",
    "not-writable": "service",
    "writes-refused": "service",
    "damaged": "service",
    "restored": "jobs",
    "uncertain": "jobs",
    "dead-letters": "jobs",
    "late": "jobs",
}
"""Which tile an alert is about."""


class Dashboard(PacedScreen):
    """Of the whole bridge, or of one's domains."""

    NAME = "dashboard"
    CSS_PATH = "dashboard.tcss"
    LISTENS = frozenset({"arrivals", "outbox", "sessions", "audit", "lagged"})
    _needs: Sequence[tuple[str, str]] = ()
    _wrong: Collection[str] = ()

    def contents(self) -> Iterable[Widget]:
        places = {section.name for section in self.post.offers}
        tiles = [
            Tile(self.say(title), section if section in places else None, drawn=drawn, id=name)
            for name, title, section, drawn in TILES
        ]
        yield Board(Vertical(id="needs"), Grid(*tiles, id="tiles"), id="board")

    async def fetch(self) -> Any:
        return await self.api.get("/dashboard")

    def show(self, content: Any) -> bool:
        self._show_needs(content["alerts"])
        self._wrong = {WRONG.get(each["code"], "") for each in content["alerts"]}
        self._show_arrivals(content["arrivals"])
        self._show_standing(content["outbox"], content["sessions"], content["accounts"])
        machine = content["machine"]
        for name in OF_MACHINE:
            self.query_one(f"#{name}").display = machine is not None
        if machine is not None:
            self._show_machine(machine, content["now"])
        return True

    def _give_keys(self) -> None:
        if not self.has_class("menu"):
            self.call_after_refresh(self._to_first)

    def _to_first(self) -> None:
        places = self.query_one(Board).places
        if places and (self.focused is None or self.focused.id == "rail"):
            places[0].focus(scroll_visible=False)

    @on(Place.Chosen)
    def _chosen(self, event: Place.Chosen) -> None:
        self.post.go(event.section)

    # --- what needs doing ---

    def _show_needs(self, alerts: Sequence[Mapping[str, str]]) -> None:
        """Made anew only when they changed: nobody loses the line that they are on."""
        known = [(each["code"], each["text"]) for each in alerts]
        if known == self._needs and self.query("#needs > *"):
            return
        self._needs = known
        places = {section.name for section in self.post.offers}
        made: list[Widget] = [
            Need(
                each["severity"] if each["severity"] in SEVERITIES else "notice",
                self.say(SEVERITIES.get(each["severity"], each["severity"])),
                each["text"],
                each["remedy"],
                each["section"] if each["section"] in places else None,
            )
            for each in alerts
        ]
        self._put(made or [Line(self.say(ALL_WELL), classes="well")])

    def _put(self, made: list[Widget]) -> None:
        needs = self.query_one("#needs")
        needs.remove_children()
        needs.mount(*made)

    # --- figures ---

    def _show_arrivals(self, arrivals: Mapping[str, Any]) -> None:
        minutes, hours = arrivals["minutes"], arrivals["hours"]
        channels = self._listed(arrivals["channels"], CHANNELS)
        latest = self.say(N_("in the last minute: {count}"), count=minutes[-1])
        self._tile("arrivals", self._documents(sum(minutes)), latest, minutes)
        self._tile("day", self._documents(sum(hours)), channels, hours)

    def _show_standing(self, outbox: Mapping[str, int], live: Mapping[str, int], people: Mapping[str, int]) -> None:
        waiting = self.say(N_("{count} waiting"), count=outbox["waiting"])
        words = N_("due now {due}, given up {dead}, uncertain {uncertain}")
        self._tile("jobs", waiting, self.say(words, **outbox))
        words = N_("reading {imap}, handing in {smtp}, control {control}")
        self._tile("live", self.say(N_("{count} signed in"), count=sum(live.values())), self.say(words, **live))
        others = {state: count for state, count in people.items() if state != "registered"}
        used = self.say(N_("{count} in use"), count=people["registered"])
        self._tile("people", used, self._listed(others, STATES))

    def _show_machine(self, machine: Mapping[str, Any], now: int) -> None:
        disk = machine["disk"]
        words = N_("of {total} GB; documents {bodies} GB, database {database} GB")
        sizes = {name: Amount(disk[name] / GB, 1) for name in ("total", "bodies", "database")}
        free = self.say(N_("{free} GB free"), free=Amount(disk["free"] / GB, 1))
        self._tile("disk", free, self.say(words, **sizes))
        self._show_certificate(machine["certificate"])
        self._show_backup(machine["backup"], now)
        self._show_service(machine)

    def _show_service(self, machine: Mapping[str, Any]) -> None:
        up, writes = machine["started_at"], machine["writable"]
        words = N_("not running") if up is None else N_("up since {since}") if writes else N_("CANNOT WRITE")
        named = f"Postex {machine['version']}, {machine['hostname']}"
        self._tile("service", self.say(words, since=moment(up)), named)

    def _show_certificate(self, found: Mapping[str, Any] | None) -> None:
        if found is None:
            self._tile("certificate", self.say(N_("cannot be read")), "")
            return
        words = N_("until {day}, self-signed") if found["self_signed"] else N_("until {day}")
        parts = f"{self.say(words, day=day(found['ends_at']))}\n{found['subject']}"
        left = self.say(N_("{count} days left"), count=found["days_left"])
        self._tile("certificate", left, parts)

    def _show_backup(self, found: Mapping[str, Any], now: int) -> None:
        made = self.say(N_("none yet")) if found["made_at"] is None else ago(self.say, found["made_at"], now)
        if found["drilled_at"] is None:
            drill = self.say(N_("no restore was tried yet"))
        else:
            words = N_("a restore held, {ago}") if found["drill_held"] else N_("a restore FAILED, {ago}")
            drill = self.say(words, ago=ago(self.say, found["drilled_at"], now))
        self._tile("backup", made, drill)

    def _documents(self, count: int) -> str:
        return self.say(N_("1 document")) if count == 1 else self.say(N_("{count} documents"), count=count)

    def _listed(self, counts: Mapping[str, int], words: Mapping[str, str]) -> str:
        """Those that there are."""
        return ", ".join(f"{self.say(words.get(name, name))} {count}" for name, count in counts.items() if count)

    def _tile(self, name: str, figure: str, parts: str, points: Sequence[int] = ()) -> None:
        self.query_one(f"#{name}", Tile).tell(figure, parts, points, wrong=name in self._wrong)
