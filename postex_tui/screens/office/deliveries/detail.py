"""One delivery: who, by which channel and why, what its ladder does next, and what of it is in the outbox."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button

from bridge.i18n import N_
from postex_tui.screens.deeds import DeedScreen
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.office.deliveries import jobs
from postex_tui.screens.section import DetailScreen
from postex_tui.screens.words.choices import CHANNELS, TYPES
from postex_tui.screens.words.deliveries import (
    JOB_STATES,
    JOB_STATES_MEAN,
    NOBODY,
    STATES,
    STATES_MEAN,
    due_words,
    next_step,
    problem_words,
    rungs,
    whose,
)
from postex_tui.screens.words.times import moment
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.plain import Caption, Line, Press

CAUSES = {
    "moved": N_("moved away"),
    "unknown": N_("unknown at this address"),
    "refused": N_("refused at the door"),
}
RETURNED = N_(
    "That the letter came back is noted, and {who} reads it in the mailbox. Until the postal address is confirmed or"
    " changed no more paper goes there: documents stay in the mailbox."
)
ACTS = {
    "retry": N_("Try again"),
    "settle": N_("Settle"),
    "cancel": N_("Cancel it"),
    "returned": N_("Came back"),
}


class DeliveryDetail(DetailScreen, DeedScreen):
    """`subject`: id of the delivery."""

    NAME = "deliveries"
    LISTENS = frozenset({"outbox"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "act('retry')", N_("Try again")),
        Binding("s", "act('settle')", N_("Settle")),
        Binding("d", "act('cancel')", N_("Cancel it")),
        Binding("p", "act('returned')", N_("Came back")),
    ]

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.delivery: Mapping[str, Any] = {}

    def contents(self) -> Iterable[Widget]:
        with VerticalScroll(classes="reading"):
            yield Line("", id="who")
            yield Line("", id="state-means", lines=True)
            yield Facts(id="delivery-facts")
            yield Horizontal(
                *(Press(self.say(words), id=f"act-{name}") for name, words in ACTS.items()), classes="acts"
            )
            yield Caption(self.say(N_("In the outbox")), classes="head", id="jobs-title")
            yield Line("", id="jobs", lines=True)
            yield Caption(self.say(N_("Why it came this way")), classes="head", id="why-title")
            yield Line("", id="why", lines=True)

    async def fetch(self) -> Any:
        found = await self.api.get(f"/deliveries/{quote(self.subject, safe='')}")
        if "delivery.explain" not in self.post.reach:
            return found, None
        account, document = quote(found["account"], safe=""), quote(found["document"], safe="")
        return found, await self.api.get(f"/accounts/{account}/deliveries/{document}/explanation")

    def show(self, content: Any) -> bool:
        self.delivery, why = content
        delivery = self.delivery
        self.query_one("#who", Line).say(whose(delivery))
        self.query_one("#state-means", Line).say(self.say(STATES_MEAN[delivery["state"]]))
        self.query_one("#delivery-facts", Facts).tell(self._facts())
        self.query_one("#jobs", Line).say("\n\n".join(map(self._job, delivery["jobs"])) or self.say(N_("Nothing.")))
        steps = () if why is None else why["steps"]
        self.query_one("#why", Line).say("\n".join(f"{at}. {step}" for at, step in enumerate(steps, 1)))
        self.query_one("#why-title").display = bool(steps)
        for name in ACTS:
            self.query_one(f"#act-{name}").display = bool(self.check_action("act", (name,)))
        self.refresh_bindings()
        return True

    def _facts(self) -> Iterable[tuple[str, object]]:
        each = self.delivery
        yield self.say(N_("Sender")), each["sender"] or NOBODY
        yield self.say(N_("Type")), self.say(TYPES[each["type"]])
        yield self.say(N_("Channel")), self.say(CHANNELS[each["channel"]])
        yield self.say(N_("State")), self.say(STATES[each["state"]])
        yield self.say(N_("Decided")), moment(each["decided_at"])
        yield self.say(N_("Ladder")), ", ".join(words for words, _ in rungs(each, self.say)) or None
        yield self.say(N_("Next step")), next_step(each, self.say)
        yield self.say(N_("Document")), each["document"]
        yield self.say(N_("Delivery")), each["id"]

    def _job(self, job: Mapping[str, Any]) -> str:
        tried = self.say(N_("attempts: {count}"), count=job["attempts"])
        state = f"{job['id']}: {self.say(JOB_STATES[job['state']])}, {due_words(job, self.say)}, {tried}"
        problem = problem_words(job["problem"], self.say)
        lines = [state, self.say(N_("Last error: {problem}"), problem=problem) if problem else ""]
        return "\n".join(line for line in [*lines, self.say(JOB_STATES_MEAN[job["state"]])] if line)

    # --- what is done ---

    def _for(self, act: str) -> Mapping[str, Any] | None:
        """The job that an act is about; the newest."""
        fits = {"retry": {"waiting", "dead"}, "settle": {"uncertain"}, "cancel": {"waiting", "dead", "uncertain"}}
        changeable = self.delivery.get("jobs", ()) if self.may("outbox.change") else ()
        return next((job for job in changeable if job["state"] in fits[act]), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action != "act":
            return True
        if parameters == ("returned",):
            went = self.delivery.get("channel") == "paper" and self.delivery["state"] == "handed-off"
            return self.may("paper.return") and went
        return self._for(str(parameters[0])) is not None

    @on(Button.Pressed, ".acts Press")
    def _pressed(self, event: Button.Pressed) -> None:
        self.action_act(str(event.button.id).removeprefix("act-"))

    def action_act(self, name: str) -> None:
        if name == "returned":
            self._returned()
        elif (job := self._for(name)) is not None:
            {"retry": jobs.retry, "settle": jobs.settle, "cancel": jobs.cancel}[name](self, job)

    def _returned(self) -> None:
        options = [(self.say(words), cause) for cause, words in CAUSES.items()]
        asks = [Ask("cause", self.say(N_("What stands on the envelope")), options=options)]
        explained = self.say(RETURNED, who=whose(self.delivery))
        path = f"/deliveries/{quote(self.subject, safe='')}/return"

        async def noted(values: Mapping[str, str]) -> Any:
            return await self.api.post(path, {"cause": values["cause"]})

        form = Form(self.say(N_("Paper came back")), asks, self.say(N_("Note it")), explained, noted)
        self.filled(form, self.say(N_("It is noted that the letter came back.")))
