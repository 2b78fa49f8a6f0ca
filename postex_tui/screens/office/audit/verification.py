"""Whether the audit log is whole: what a check of every event found, in words, and what to do (D8)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.moments import as_text
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.section import DetailScreen
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.plain import Line

SECONDS = 600.0
"""A log of ten million events takes minutes."""
MEMBERS = ("position", "hash", "at", "signature")
WAIT = N_("Every event of the log is being checked. A million take about 20 seconds. Escape leads back.")
WHOLE = N_("The log is whole: nothing was altered, removed or put in, up to position {position}.")
BROKEN = N_("The log was tampered with at position {at}: an event was altered, removed or put in there.")
HOLDS_BELOW = N_("What stands before it holds, up to position {position}.")
MISINDEXED = N_(
    "The index of accounts and domains is wrong at position {at}: somebody's view of the log may lack events. The"
    " events themselves are not concerned. i makes the index anew."
)
COMPARE = N_(
    "A log that was cut off at its end looks whole from here. Compare it with the head that you keep outside this"
    " machine: h. Keep the one of today too: x."
)
WHAT_TO_DO = N_(
    "What to do now:\n"
    "1. Change nothing on the machine, and make no backup over an older one.\n"
    "2. Tell whoever answers for security. Somebody could write to the database.\n"
    "3. Compare with the heads that you keep outside and with older backups: from which day on do they differ?\n"
    "4. Change the passwords and keys of the machine, and restore from a backup whose log is whole."
)
STANDINGS = {
    "holds": N_(
        "The head that you keep, of position {position} ({at}), is in the log: nothing before it was changed."
    ),
    "cut": N_(
        "The log ends before the head that you keep, position {position} ({at}): it was cut off or rolled back."
    ),
    "rewritten": N_("At position {position} ({at}) the log has another event than your head: it was made anew."),
    "foreign": N_(
        "The head that you gave, of position {position} ({at}), was not signed by this bridge, or altered."
    ),
}
NO_HEAD = N_("This is no head. Paste the one line of the file that Save head (x) gave you, whole.")


class Verification(DetailScreen):
    """It begins by itself; `subject` is not used."""

    NAME = "audit"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "reload", N_("Verify again")),
        Binding("h", "compare", N_("Compare")),
        Binding("x", "keep", N_("Save head")),
        Binding("i", "reindex", N_("New index")),
    ]

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self._head: Mapping[str, Any] | None = None
        """One that was kept outside."""
        self._misindexed = False

    def contents(self) -> Iterable[Widget]:
        with VerticalScroll():
            yield Line("", lines=True, id="verdict")
            yield Facts()
            yield Line("", lines=True, id="advice")

    def on_mount(self) -> None:
        super().on_mount()
        self._settle("loading", self.say(WAIT))

    def action_reload(self) -> None:
        self._settle("loading", self.say(WAIT))
        self.reload()

    async def fetch(self) -> Any:
        return await self.api.post("/audit/verification", {"head": self._head}, seconds=SECONDS)

    def show(self, content: Any) -> bool:
        self._misindexed = content["misindexed_at"] is not None
        verdict = self.query_one("#verdict", Line)
        verdict.say("\n".join(self._verdict(content)))
        verdict.set_class(not content["holds"], "wrong")
        self.query_one(Facts).tell(
            [(self.say(N_("Position")), content["position"]), (self.say(N_("Hash")), content["hash"])]
        )
        self.query_one("#advice", Line).say(self.say(COMPARE if self._is_sound(content) else WHAT_TO_DO))
        self.refresh_bindings()
        return True

    def _is_sound(self, found: Mapping[str, Any]) -> bool:
        """Whether the events hold, as far as can be told."""
        kept = found["head"]
        return found["broken_at"] is None and (kept is None or kept["standing"] == "holds")

    def _verdict(self, found: Mapping[str, Any]) -> Iterator[str]:
        if found["broken_at"] is None:
            yield self.say(WHOLE, position=found["position"])
        else:
            yield self.say(BROKEN, at=found["broken_at"])
            yield self.say(HOLDS_BELOW, position=found["position"])
        if found["misindexed_at"] is not None:
            yield self.say(MISINDEXED, at=found["misindexed_at"])
        if kept := found["head"]:
            yield self.say(STANDINGS[kept["standing"]], position=kept["position"], at=as_text(kept["at"]))

    # --- what the person does ---

    @work(group="ask")
    async def action_compare(self) -> None:
        async def parsed(given: Mapping[str, str]) -> Mapping[str, Any]:
            return _parsed(given["head"], self.say(NO_HEAD))

        asks = [Ask("head", self.say(N_("The head that you keep outside, as one line of JSON")))]
        title, verb = self.say(N_("Compare with a head")), self.say(N_("Compare"))
        head = await self.post.push_screen_wait(Form(title, asks, verb, submit=parsed))
        if head is not None:
            self._head = head
            self.action_reload()

    @work(group="act")
    async def action_keep(self) -> None:
        try:
            head = await self.api.get("/audit/head")
        except Refusal as refusal:
            self.post.tell(refusal.message, wrong=True)
            return
        await self.post.hand_over("postex-audit-head.json", f"{json.dumps(head)}\n".encode())

    @work(group="ask")
    async def action_reindex(self) -> None:
        title = self.say(N_("Make the index anew?"))
        happens = self.say(
            N_("Which events belong to which account and domain is worked out again, and that it was is logged.")
        )
        if await self.post.push_screen_wait(Confirm(title, happens, self.say(N_("Make it anew")))):
            self.act(lambda: self.api.post("/audit/index", seconds=SECONDS), lambda _: self.action_reload())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "reindex" or self._misindexed


def _parsed(text: str, wrong: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
        return {name: content[name] for name in MEMBERS}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refusal("no-head", wrong) from None
