"""How I receive: a row for each sender, what comes of it and where that was chosen; changed, explained, undone."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.connection import Event
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.me.preferences.form import OWN, ChoiceForm
from postex_tui.screens.me.preferences.sources import source_words
from postex_tui.screens.section import SectionScreen
from postex_tui.screens.steps import Steps
from postex_tui.screens.words.choices import (
    CHANNELS,
    FIELDS,
    NOTIFY,
    TYPES,
    level_name,
    said,
    sender_name,
    value_words,
)
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line

NONE_YET = N_("No sender has written to you yet. Press n to choose for one in advance.")
ANY = "any"


def key_of(level: Mapping[str, Any]) -> str:
    """Of a sender and a type."""
    sender = ANY if level["sender"] is None else str(level["sender"]["id"])
    return f"{sender}/{level['type'] or ''}"


class Preferences(SectionScreen):
    """The main screen of who receives documents."""

    NAME = "preferences"
    LISTENS = frozenset({"arrivals"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "change", N_("Change")),
        Binding("n", "new", N_("New")),
        Binding("w", "why", N_("Why")),
        Binding("u", "undo", N_("Undo")),
        Binding("d", "clear", N_("Clear")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._last: Mapping[str, Any] | None = None
        self._content: Mapping[str, Any] = {"rows": [], "mandatory": []}
        self._aliases: list[Mapping[str, Any]] = []

    # --- what is seen ---

    def contents(self) -> Iterable[Widget]:
        columns = [
            ("sender", self.say(N_("Sender")), 24),
            ("type", self.say(N_("Documents")), 13),
            ("channel", self.say(N_("Channel")), 13),
            ("notify", self.say(N_("Notices")), 11),
            ("source", self.say(N_("Chosen by")), 24),
        ]
        yield PagedGrid(columns, self._row, id="levels")
        yield Line("", id="level-name")
        yield Facts(id="level-facts")
        yield Line("", id="level-note", lines=True)

    def _row(self, item: Item) -> tuple[str, list[object]]:
        decided, kind = item["decided"], item["type"]
        name = sender_name(item["sender"], self.say)
        vouched = "✓" if item["vouched"] and item["sender"] is not None else " "
        shown = f"{vouched} {name}" if kind is None else "    ↳"
        return key_of(item), [
            shown,
            self.say(TYPES[kind]) if kind else self.say(N_("all types")),
            self.say(CHANNELS[decided["channel"]]),
            "–" if decided["channel"] == "refuse" else self.say(NOTIFY[decided["notify"]]),
            source_words(decided["sources"]["channel"], self.say),
        ]

    async def fetch(self) -> Any:
        found = await self.api.get(f"{OWN}/effects")
        past = await self.api.get(f"{OWN}/history", limit=20)
        aliases = await self.api.get("/accounts/me/aliases")
        return found, past["items"], aliases["aliases"]

    def show(self, content: Any) -> bool:
        self._content, past, self._aliases = content
        self._last = next((each for each in past if each["can_be_undone"] and each["road"] != "undo"), None)
        grid = self.query_one("#levels", PagedGrid)
        if not self.has_class("ready"):
            self.call_after_refresh(grid.focus)
        grid.begin_whole(self._content["rows"])
        self._tell()
        self.refresh_bindings()
        return True

    def on_live(self, event: Event) -> None:
        if self.is_mine(event):
            self.reload()

    @property
    def here(self) -> Item | None:
        """The level that the cursor is on."""
        return self.query_one("#levels", PagedGrid).here if self.has_class("ready") else None

    @on(DataTable.RowHighlighted, "#levels")
    def _tell(self) -> None:
        """All of the level that the cursor is on."""
        row = self.here
        if row is None:
            return
        decided = row["decided"]
        self.query_one("#level-name", Line).say(level_name(row, self.say))
        told = [
            (self.say(title), f"{value_words(name, decided, self.say)}  ·  {self._source(decided, name)}")
            for name, title in FIELDS.items()
        ]
        addresses = None if row["sender"] is None else ", ".join(row["sender"]["addresses"][:3])
        told.append((self.say(N_("Writes as")), addresses))  # type: ignore[arg-type]  # None is left out
        told.append((self.say(N_("Your address for it alone")), self._alias(row["sender"])))  # type: ignore[arg-type]
        self.query_one("#level-facts", Facts).tell(told)
        self.query_one("#level-note", Line).say(self._note())

    def _source(self, decided: Mapping[str, Any], name: str) -> str:
        return source_words(decided["sources"].get(name, "default"), self.say)

    def _alias(self, sender: Mapping[str, Any] | None) -> str | None:
        """The address that this sender alone may use (D11)."""
        written = () if sender is None else sender["addresses"]
        wanted = {*written, *(f"@{address.rpartition('@')[2]}" for address in written)}
        found = [each["address"] for each in self._aliases if each["only_from"] in wanted]
        return ", ".join(found) or None

    def _note(self) -> str:
        if len(self._content["rows"]) < 2:
            return self.say(NONE_YET)
        types = ", ".join(self.say(TYPES[each]) for each in self._content["mandatory"])
        return self.say(N_("Your domain lets nobody refuse: {types}."), types=types) if types else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        row = self.here
        if action == "undo":
            return self._last is not None
        if action == "clear":
            return row is not None and row["own"] is not None
        return row is not None or action not in ("change", "why")

    # --- what is done ---

    @on(DataTable.RowSelected, "#levels")
    def action_change(self) -> None:
        if self.here is not None:
            self._change(self.here)

    def change_here(self, key: str) -> None:
        """Change the level with this key, as it is now; where there is none any more, nothing."""
        self.act(lambda: self.api.get(f"{OWN}/effects"), lambda found: self._change_one(found["rows"], key))

    def _change_one(self, rows: Iterable[Mapping[str, Any]], key: str) -> None:
        for row in rows:
            if key_of(row) == key:
                self._change(row)

    @work(group="ask")
    async def _change(self, row: Mapping[str, Any]) -> None:
        made = await self.post.push_screen_wait(ChoiceForm(row, self._content["mandatory"], self.say))
        if made is not None:
            self._is_changed(made)

    def _is_changed(self, made: Mapping[str, Any]) -> None:
        undo = self.say(N_("Press u to undo.")) if made["undo_until"] is not None else ""
        done = self.say(N_("Changed.") if made["changes"] else N_("It was so already."))
        self.post.tell(" ".join([done, *made["notes"], undo if made["changes"] else ""]).strip())
        self.reload()

    @work(group="ask")
    async def action_new(self) -> None:
        """For one type of a sender, or for a sender that has not written yet."""
        row = self.here
        sender = row["sender"] if row is not None else None
        named = sender["addresses"][0] if sender is not None and sender["addresses"] else ""
        types = [(self.say(N_("all types")), ""), *((self.say(word), kind) for kind, word in TYPES.items())]
        asks = [
            Ask("sender", self.say(N_("Sender: its address")), named),
            Ask("type", self.say(N_("Type of document")), options=types),
        ]
        explained = self.say(N_("What you choose next holds for this sender and this type alone."))
        title, verb = self.say(N_("Choose for a sender or a type")), self.say(N_("Go on"))
        level = await self.post.push_screen_wait(Form(title, asks, verb, explained, self._level))
        if level is not None:
            self._change(level)

    async def _level(self, values: Mapping[str, str]) -> Mapping[str, Any]:
        """The level of a sender and a type, chosen already or not. Refusal."""
        wanted, kind = values["sender"].lower(), values["type"] or None
        if not wanted:
            raise Refusal("no-sender", self.say(N_("Give the address of the sender.")))
        rows = [each for each in self._content["rows"] if each["sender"] and wanted in each["sender"]["addresses"]]
        known: Mapping[str, Any] | None = next((row for row in rows if row["type"] == kind), None)
        if known is not None:
            return known
        asked = {"sender": wanted, "type": kind}
        why: Mapping[str, Any] = await self.api.get(f"{OWN}/why", **asked)
        sender = rows[0]["sender"] if rows else {"id": None, "name": wanted, "addresses": [wanted]}
        return {"sender": sender, "type": kind, "own": None, "decided": why["decided"], "vouched": False}

    @work(group="ask")
    async def action_clear(self) -> None:
        row = self.here
        if row is None or row["own"] is None:
            return
        happens = self.say(
            N_("What you chose for {what} holds no more: {choice}. What is less specific decides."),
            what=level_name(row, self.say),
            choice=said(row["own"], self.say),
        )
        asked = Confirm(self.say(N_("Choose nothing here any more?")), happens, self.say(N_("Choose nothing")))
        if await self.post.push_screen_wait(asked):
            sender = ANY if row["sender"] is None else f"#{row['sender']['id']}"
            body = {"sender": sender, "type": row["type"], "clear": ["all"], "road": "tui"}
            self.act(lambda: self.api.patch(OWN, body), self._is_changed)

    @work(group="ask")
    async def action_undo(self) -> None:
        last = self._last
        if last is None:
            return
        happens = self.say(
            N_("{what} is again: {old} (now: {new})."),
            what=level_name(last, self.say),
            old=said(last["old"], self.say),
            new=said(last["new"], self.say),
        )
        if await self.post.push_screen_wait(
            Confirm(self.say(N_("Undo your last change?")), happens, self.say(N_("Undo")))
        ):
            body = {"batch": last["batch"], "road": "tui"}
            self.act(lambda: self.api.post(f"{OWN}/undo", body), self._is_undone)

    def _is_undone(self, made: Any) -> None:
        self.post.tell(self.say(N_("Undone.")))
        self.reload()

    def action_why(self) -> None:
        row = self.here
        if row is not None:
            sender = ANY if row["sender"] is None else f"#{row['sender']['id']}"
            self.act(
                lambda: self.api.get(f"{OWN}/why", sender=sender, type=row["type"]),
                lambda why: self._explained(row, why),
            )

    def _explained(self, row: Mapping[str, Any], why: Mapping[str, Any]) -> None:
        self._explain(row, why)

    @work(group="ask")
    async def _explain(self, row: Mapping[str, Any], why: Mapping[str, Any]) -> None:
        last = why["last_document"]
        title = self.say(N_("Why does it come so? {what}"), what=level_name(row, self.say))
        further = self.say(N_("The last document")) if last is not None else ""
        if await self.post.push_screen_wait(Steps(title, why["steps"], further)):
            path = f"/accounts/me/deliveries/{last}/explanation"
            self.act(lambda: self.api.get(path), self._explain_last)

    def _explain_last(self, told: Any) -> None:
        self.post.push_screen(Steps(self.say(N_("Why did the last one come so?")), told["steps"]))
