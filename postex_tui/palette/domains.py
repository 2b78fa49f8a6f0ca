"""Domains in the palette: opened by name; new ones made."""

from collections.abc import Iterable
from functools import partial

from bridge.i18n import N_
from postex_tui.palette.finds import Find, Noun
from postex_tui.screens.office.domains.detail import DomainDetail
from postex_tui.screens.office.domains.section import Domains
from postex_tui.screens.words.accounts import MODES

ALL = 500


class DomainFinds(Noun):
    """Those in one's reach."""

    SECTION = "domains"

    async def begin(self) -> Iterable[Find]:
        may = "domain.add" in self.post.reach
        return [Find(self.post.say(N_("New domain")), self._new)] if may else []

    async def found(self, query: str) -> Iterable[Find]:
        page = await self.post.connection.get("/domains", limit=ALL)
        made = [find for find in await self.begin() if query.lower() in find.title.lower()]
        meant = [item for item in page["items"] if query.lower() in item["name"]]
        return [*made, *(Find(item["name"], partial(self._open, item["name"]), self._told(item)) for item in meant)]

    def _told(self, item: dict[str, str]) -> str:
        return f"{self.post.say(MODES[item['mode']])}, {item['country']}"

    def _open(self, name: str) -> None:
        self.post.open(DomainDetail(name))

    def _new(self) -> None:
        self.post.go(self.SECTION)
        self.post.call_after_refresh(self._ask)

    def _ask(self) -> None:
        if isinstance(self.post.screen, Domains):
            self.post.screen.action_new()
