"""Backups: what lies where, how old it is, and whether one can be restored (S54, R15)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import PurePath
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_, Amount
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.words.times import DAY, ago, moment
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Line

OLD_BACKUP, OLD_DRILL = 2 * DAY, 92 * DAY
"""Beyond these one is warned: backups are daily, drills quarterly."""
LONGEST = 24 * 3600.0
"""Seconds that a backup or a drill may take before the screen gives up waiting; it goes on in the bridge."""
LOOK_EVERY = 1.0
KINDS = {"data": N_("documents"), "keyring": N_("keyring")}
BY = {"operator": N_("the machine (a timer)"), "account": N_("an owner")}
MEGABYTE = 10**6
LATE = N_("The latest backup is of {ago}. Make one, and see why the timer does not.")
NONE = N_("There is no backup yet. Make one, and let a timer make one every day.")
NO_KEYRING = N_("There is no keyring backup. Without one nothing in a backup opens.")
NO_DRILL = N_("No restore was ever tried. Only a backup that was restored is known to be one.")
LATE_DRILL = N_("The latest restore drill is of {ago}. Do one each quarter.")
FAILED = N_("The latest restore drill FAILED: {why}")
UNDER_WAY = N_("A restore drill is under way: {done} of {total} body files.")


class Backups(DeedScreen):
    """Of this bridge, as far as their folders can be reached."""

    NAME = "backups"
    EMPTY = N_("There is no backup yet, or the folders are away. Press n to make one.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", N_("Back up now")),
        Binding("v", "drill", N_("Restore drill")),
    ]
    found: Mapping[str, Any] | None = None

    def contents(self) -> Iterable[Widget]:
        yield Line("", id="standing", lines=True, classes="listing")
        columns = (
            ("at", self.say(N_("When")), 16),
            ("kind", self.say(N_("What")), 10),
            ("size", self.say(N_("Size")), 10),
            ("state", self.say(N_("State")), 12),
            ("drill", self.say(N_("Restore drill")), 14),
        )
        read = VerticalScroll(Facts(id="backup-facts"), id="backup")
        yield Vertical(PagedGrid(columns, self._row, id="backups"), read, classes="stack")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        size = "" if item["bytes"] is None else self.say(N_("{size} MB"), size=Amount(item["bytes"] / MEGABYTE, 1))
        drill = "" if item["kind"] == "keyring" else self._drilled(item["drill"])
        cells: list[object] = [moment(item["made_at"]), self.say(KINDS[item["kind"]]), size, self._state(item), drill]
        return item["folder"], cells

    def _state(self, item: Item) -> str:
        if item["altered"]:
            return self.say(N_("ALTERED"))
        return self.say(N_("whole") if item["whole"] else N_("INCOMPLETE"))

    def _drilled(self, drill: Item | None) -> str:
        if drill is None:
            return self.say(N_("not yet"))
        return self.say(N_("FAILED") if drill["problem"] else N_("held"))

    async def fetch(self) -> Any:
        return await self.api.get("/backups"), await self.api.get("/backups/drill")

    def show(self, content: Any) -> bool:
        self.found, drills = content
        assert self.found is not None
        items = sorted(self.found["items"], key=lambda each: (-each["made_at"], each["kind"]))
        self._stand(items, drills, self.found["now"])
        if drills["running"]:
            self.set_timer(LOOK_EVERY, self.reload)
        grid = self.query_one("#backups", PagedGrid)
        there = grid.begin_whole(items)
        self._moved()
        return there

    def _stand(self, items: Sequence[Item], drills: Mapping[str, Any], now: int) -> None:
        warnings = [*self._warnings(items, drills["drills"], now)]
        running = drills["running"]
        if running:
            warnings.append(self.say(UNDER_WAY, done=running["done"], total=running["total"] or "…"))
        elif not warnings:
            drill = ago(self.say, drills["drills"][0]["at"], now)
            words = N_("All is well: a backup of {backup}, a restore drill of {drill}.")
            warnings = [self.say(words, backup=ago(self.say, items[0]["made_at"], now), drill=drill)]
        line = self.query_one("#standing", Line)
        line.set_class(not running and len(warnings) > 0 and "!" in warnings[0], "wrong")
        line.say("\n".join(warnings))

    def _warnings(self, items: Sequence[Item], drills: Sequence[Item], now: int) -> Iterable[str]:
        newest = {each["kind"]: each for each in reversed(items) if each["whole"]}
        if "data" not in newest:
            yield f"! {self.say(NONE)}"
            return
        if now - newest["data"]["made_at"] > OLD_BACKUP:
            yield f"! {self.say(LATE, ago=ago(self.say, newest['data']['made_at'], now))}"
        if "keyring" not in newest:
            yield f"! {self.say(NO_KEYRING)}"
        if not drills:
            yield f"! {self.say(NO_DRILL)}"
        elif drills[0]["problem"]:
            yield f"! {self.say(FAILED, why=drills[0]['words'])}"
        elif now - drills[0]["at"] > OLD_DRILL:
            yield f"! {self.say(LATE_DRILL, ago=ago(self.say, drills[0]['at'], now))}"

    @on(DataTable.RowHighlighted, "#backups")
    def _moved(self) -> None:
        item = self.query_one("#backups", PagedGrid).here
        self.query_one("#backup").display = item is not None
        if item is not None and self.found is not None:
            self.query_one("#backup-facts", Facts).tell(self._facts(item, self.found["now"]))

    def _facts(self, item: Item, now: int) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Folder")), item["folder"]
        yield self.say(N_("Made")), ago(self.say, item["made_at"], now)
        yield self.say(N_("Made by")), self.say(BY[item["by"]]) if item["by"] in BY else None
        yield self.say(N_("Accounts")), item["accounts"]
        yield self.say(N_("Documents")), item["documents"]
        drill = item["drill"]
        if drill is None:
            return
        yield self.say(N_("Restore drill")), f"{moment(drill['at'])}, {self._drilled(drill)}"
        yield self.say(N_("Why")), drill["words"]
        yield self.say(N_("Opened by")), self.say(N_("the recovery kit") if drill["with_kit"] else N_("the bridge"))
        yield self.say(N_("Canary")), self._canary(drill)
        yield self.say(N_("Seconds")), drill["seconds"]

    def _canary(self, drill: Item) -> str | None:
        if drill["canary"] is None:
            return None
        return self.say(N_("its document opened") if drill["canary"] else N_("there was none"))

    def action_new(self) -> None:
        happens = N_(
            "The bridge goes on meanwhile. Give two folders on its machine, on other disks than its own: one for"
            " documents, one for keyrings. Kept together, an erasure would not reach the backups."
        )
        asks = [
            Ask("destination", self.say(N_("Folder for documents")), self._last("data")),
            Ask("keyring_destination", self.say(N_("Folder for keyrings")), self._last("keyring")),
        ]
        title, verb = self.say(N_("Back up now")), self.say(N_("Back up"))
        self.filled(Form(title, asks, verb, self.say(happens), self._made), self._told)

    async def _made(self, values: Mapping[str, str]) -> Any:
        body = {name: value or None for name, value in values.items()} | {"destination": values["destination"]}
        return await self.api.post("/backups", body, seconds=LONGEST)

    def _told(self, made: Mapping[str, Any]) -> str:
        words = N_("The backup is whole: {documents} documents, {bodies} body files, {copied} of them new.")
        told = self.say(words, documents=made["documents"], bodies=made["bodies"], copied=made["copied_bodies"])
        return told if made["keyring_folder"] else f"{told} {self.say(NO_KEYRING)}"

    def _last(self, kind: str) -> str:
        """Where the newest of a kind lies."""
        items = self.found["items"] if self.found else ()
        folders = [str(PurePath(each["folder"]).parent) for each in items if each["kind"] == kind]
        return folders[-1] if folders else ""

    @work(group="ask")
    async def action_drill(self) -> None:
        """Ask for the kit, which is kept nowhere; then wait for the end beside everything else."""
        item = self.query_one("#backups", PagedGrid).here
        if item is None or item["kind"] != "data":
            self.post.tell(self.say(N_("Choose a backup of documents first.")), wrong=True)
            return
        happens = N_(
            "The backup of {when} is restored into a folder of its own beside the bridge. Every hash, the counts, the"
            " audit log and the canary document are checked; then the folder is removed. Nothing of the bridge"
            " changes. With the recovery kit you see that the kit on paper opens it as well; it is kept nowhere."
        )
        kit = Ask("kit", self.say(N_("Recovery kit (may stay empty)")), secret=True)
        explained = self.say(happens, when=moment(item["made_at"]))
        asked = Form(self.say(N_("Restore drill")), [kit], self.say(N_("Begin")), explained)
        values = await self.post.push_screen_wait(asked)
        if values is not None:
            body = {"backup": item["id"], "kit": values["kit"] or None}
            self.act(partial(self.api.post, "/backups/drill", body, seconds=LONGEST), self._held)
            self.set_timer(LOOK_EVERY, self.reload)

    def _held(self, done: Mapping[str, Any]) -> None:
        words = N_("The backup holds: {documents} documents of {accounts} accounts came back in {seconds} seconds.")
        self.is_done(self.say(words, documents=done["documents"], accounts=done["accounts"], seconds=done["seconds"]))
