"""What needs doing, in the palette: each alert leads to the section where it is dealt with."""

from collections.abc import Iterable
from functools import partial

from bridge.i18n import N_
from postex_tui.palette.finds import Find, Noun
from postex_tui.screens.office.dashboard import SEVERITIES

TITLE = N_("What needs doing")


class NeedFinds(Noun):
    """Gravest first; the noun itself leads to the dashboard."""

    SECTION = "dashboard"

    async def begin(self) -> Iterable[Find]:
        return [Find(self.post.say(TITLE), partial(self.post.go, self.SECTION))]

    async def found(self, query: str) -> Iterable[Find]:
        alerts = (await self.post.connection.get("/dashboard"))["alerts"]
        everything = query.lower() in self.post.say(TITLE).lower()
        finds = [self._find(each) for each in alerts]
        meant = [find for find in finds if everything or query.lower() in find.title.lower()]
        return [*await self.begin(), *meant] if everything else meant

    def _find(self, alert: dict[str, str]) -> Find:
        word = self.post.say(SEVERITIES.get(alert["severity"], alert["severity"]))
        there = alert["section"] if any(each.name == alert["section"] for each in self.post.offers) else self.SECTION
        return Find(f"{word}: {alert['text']}", partial(self.post.go, there), alert["remedy"])
