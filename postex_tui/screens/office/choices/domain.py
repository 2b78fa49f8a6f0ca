"""What a domain chooses where its recipients did not, for all types and for each: changed after a preview, undone."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import N_
from postex_tui.screens.dialogs import Confirm
from postex_tui.screens.office.choices.form import DomainChoiceForm, Planned, preview_words
from postex_tui.screens.section import DetailScreen
from postex_tui.screens.words.changes import CHANGERS, ROADS
from postex_tui.screens.words.choices import TYPES, said, said_fields, value_words
from postex_tui.screens.words.times import minute
from postex_tui.widgets.paged_grid import Item, PagedGrid
from postex_tui.widgets.plain import Caption, Line

EXPLAINED = N_(
    "This holds for recipients of {domain} who chose nothing themselves. What they chose stays theirs: nobody else"
    " can change it."
)
SILENT: Mapping[str, Any] = dict.fromkeys(("channel", "folder", "notify", "quiet", "ladder", "retention_days"), None)


class DomainChoices(DetailScreen):
    """`subject`: the domain's name."""

    NAME = "choices"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "change", N_("Change")),
        Binding("u", "undo", N_("Undo")),
    ]
    _last: Mapping[str, Any] | None = None

    @property
    def path(self) -> str:
        return f"/domains/{quote(self.subject, safe='')}/preferences"

    @property
    def _may_change(self) -> bool:
        return "domain-preference.change" in self.post.reach

    # --- what is seen ---

    def contents(self) -> Iterable[Widget]:
        yield Line(self.say(EXPLAINED, domain=self.subject), lines=True, id="domain-explained")
        columns = [
            ("type", self.say(N_("Documents")), 16),
            ("choice", self.say(N_("The domain's choice")), 40),
            ("mandatory", self.say(N_("Refusal")), 12),
        ]
        yield PagedGrid(columns, self._row, id="domain-levels")
        yield Caption(self.say(N_("Changes so far")), id="domain-past-title")
        past = [
            ("at", self.say(N_("When")), 10),
            ("what", self.say(N_("Documents")), 14),
            ("new", self.say(N_("Chosen")), 30),
            ("by", self.say(N_("By")), 10),
            ("road", self.say(N_("Through")), 12),
        ]
        yield PagedGrid(past, self._past, id="domain-past")

    def _row(self, item: Item) -> tuple[str, list[object]]:
        kind = item["type"]
        named = self.say(TYPES[kind]) if kind else self.say(N_("all types"))
        choice = item["choice"]
        told = [value_words(name, choice, self.say) for name in said_fields(choice)]
        refusal = self.say(N_("not possible")) if item["mandatory"] else self.say(N_("possible"))
        return kind or "all", [named, "; ".join(told) or self.say(N_("nothing")), refusal if kind else ""]

    def _past(self, item: Item) -> tuple[str, list[object]]:
        named = self.say(TYPES[item["type"]]) if item["type"] else self.say(N_("all types"))
        new = self._said(item["new"], item["new_mandatory"])
        shown = self.say(N_("(undone) {new}"), new=new) if item["undone_at"] is not None else new
        by, road = self.say(CHANGERS[item["changed_by"]]), self.say(ROADS[item["road"]])
        return f"{item['batch']}/{item['road']}", [minute(item["changed_at"])[:10], named, shown, by, road]

    def _said(self, choice: Mapping[str, Any], mandatory: bool) -> str:
        words = said(choice, self.say)
        return f"{words}; {self.say(N_('cannot be refused'))}" if mandatory else words

    async def fetch(self) -> Any:
        found = await self.api.get(self.path)
        return found, await self._history(None)

    async def _history(self, after: str | None) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self.api.get(f"{self.path}/history", after=after, limit=100)
        return found

    def show(self, content: Any) -> bool:
        found, past = content
        silent = {"choice": {**SILENT, "folder_set": False, "receipts": None, "language": None}, "mandatory": False}
        known = {each["type"]: each for each in found["preferences"]}
        levels = [{"sender": None, **silent, "type": kind, **known.get(kind, {})} for kind in (None, *TYPES)]
        grid = self.query_one("#domain-levels", PagedGrid)
        grid.begin_whole(levels)
        self.query_one("#domain-past", PagedGrid).begin(past, self._history)
        self._last = next((each for each in past["items"] if each["can_be_undone"] and each["road"] != "undo"), None)
        if self.has_class("loading"):
            self.call_after_refresh(grid.focus)
        self.refresh_bindings()
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "undo":
            return self._may_change and self._last is not None
        return self._may_change if action == "change" else True

    # --- what is done ---

    @on(DataTable.RowSelected, "#domain-levels")
    def action_change(self) -> None:
        level = self.query_one("#domain-levels", PagedGrid).here
        if level is not None and self._may_change:
            self._change(level)

    @work(group="ask")
    async def _change(self, level: Mapping[str, Any]) -> None:
        """Filled in, previewed, confirmed; going back from the preview leads to the form again."""
        form = DomainChoiceForm(level, self.subject, self.path, self.say)
        planned: Planned | None = await self.post.push_screen_wait(form)
        if planned is None:
            return
        title = self.say(N_("Change it for {domain}?"), domain=self.subject)
        words = preview_words(planned.preview, self.subject, self.say)
        if await self.post.push_screen_wait(Confirm(title, words, self.say(N_("Change")))):
            self.act(lambda: self.api.patch(self.path, planned.body), self._is_changed)

    def _is_changed(self, made: Mapping[str, Any]) -> None:
        done = self.say(N_("Changed.") if made["changes"] else N_("It was so already."))
        self.post.tell(f"{done} {self.say(N_('Press u to undo.'))}" if made["changes"] else done)
        self.reload()

    @work(group="ask")
    async def action_undo(self) -> None:
        last = self._last
        if last is None:
            return
        named = self.say(TYPES[last["type"]] if last["type"] else N_("all types"))
        happens = self.say(
            N_("{what} is again: {old} (now: {new})."),
            what=named,
            old=self._said(last["old"], last["old_mandatory"]),
            new=self._said(last["new"], last["new_mandatory"]),
        )
        asked = Confirm(
            self.say(N_("Undo the last change of {domain}?"), domain=self.subject), happens, self.say(N_("Undo"))
        )
        if await self.post.push_screen_wait(asked):
            body = {"batch": last["batch"], "road": "tui"}
            self.act(lambda: self.api.post(f"{self.path}/undo", body), self._is_undone)

    def _is_undone(self, made: Any) -> None:
        self.post.tell(self.say(N_("Undone.")))
        self.reload()
