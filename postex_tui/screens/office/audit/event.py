"""One event of the audit log: everything that the reader may know of it, with its place in the chain."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from textual.containers import VerticalScroll
from textual.widget import Widget

from bridge.i18n import N_
from postex_tui.moments import as_text
from postex_tui.screens.office.audit.words import GROUPS, kind, member, party
from postex_tui.screens.section import DetailScreen
from postex_tui.widgets.facts import Facts
from postex_tui.widgets.plain import Line

CHAIN = N_(
    "The hash stands over this event and over the hash before it: whoever changes one event has to change all that"
    " came after it, and heads kept outside show that."
)
REDACTED = N_("Your role sees that it happened, and nothing more.")


class EventDetail(DetailScreen):
    """`subject`: its position."""

    NAME = "audit"

    def contents(self) -> Iterable[Widget]:
        with VerticalScroll():
            yield Line("", id="what", classes="title")
            yield Facts(id="event")
            yield Line("", lines=True, id="chain")

    async def fetch(self) -> Any:
        return await self.api.get(f"/audit/events/{self.subject}")

    def show(self, content: Any) -> bool:
        self.query_one("#what", Line).say(kind(self.say, content["kind"]))
        self.query_one(Facts).tell(self._facts(content))
        told = [CHAIN] if content["hash"] else []
        told += [REDACTED] if content["detail"] is None else []
        self.query_one("#chain", Line).say("\n".join(map(self.say, told)))
        return True

    def _facts(self, event: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
        group = GROUPS.get(event["kind"].partition(".")[0])
        yield self.say(N_("Position")), event["position"]
        yield self.say(N_("Time, UTC")), as_text(event["at"])
        yield self.say(N_("Kind")), event["kind"]
        yield self.say(N_("Group")), self.say(group) if group else None
        yield self.say(N_("By")), party(self.say, event["actor"])
        yield self.say(N_("About")), party(self.say, event["subject"])
        for name, value in (event["detail"] or {}).items():
            yield name, member(self.say, name, value)
        yield self.say(N_("Hash")), event["hash"]
        yield self.say(N_("Hash before")), event["previous"]
