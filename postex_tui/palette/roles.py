"""Roles in the palette: who holds which, found by address or role; one is given."""

from collections.abc import Iterable
from functools import partial

from bridge.i18n import N_
from postex_tui.palette.finds import Find, Noun
from postex_tui.screens.office.roles.section import Roles
from postex_tui.screens.words.accounts import ROLES

ALL = 500


class RoleFinds(Noun):
    """Those that hold now, in one's reach."""

    SECTION = "roles"

    async def begin(self) -> Iterable[Find]:
        may = "grant.add" in self.post.reach
        return [Find(self.post.say(N_("Give a role")), self._give)] if may else []

    async def found(self, query: str) -> Iterable[Find]:
        page = await self.post.connection.get("/grants", limit=ALL)
        finds = [*await self.begin(), *(self._find(item) for item in page["items"])]
        return [find for find in finds if query.lower() in find.title.lower()]

    def _find(self, item: dict[str, str]) -> Find:
        where = item["domain"] or self.post.say(N_("the whole bridge"))
        title = f"{item['email'] or item['account']} · {self.post.say(ROLES[item['role']])}"
        return Find(title, partial(self._open, str(item["id"])), where)

    def _open(self, grant: str) -> None:
        self.post.go(self.SECTION)
        self.post.call_after_refresh(self._there, grant)

    def _there(self, grant: str) -> None:
        if isinstance(self.post.screen, Roles):
            self.post.screen.go_to(grant)

    def _give(self) -> None:
        self.post.go(self.SECTION)
        self.post.call_after_refresh(self._ask)

    def _ask(self) -> None:
        if isinstance(self.post.screen, Roles):
            self.post.screen.action_give()
