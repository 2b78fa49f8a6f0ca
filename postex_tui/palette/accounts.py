"""Accounts in the palette: found by address or name, opened; new ones made."""

from collections.abc import Iterable
from functools import partial

from bridge.i18n import N_
from postex_tui.palette.finds import MOST, Find, Noun
from postex_tui.screens.office.accounts.detail import AccountDetail
from postex_tui.screens.office.accounts.listed import AccountList
from postex_tui.screens.words.accounts import ROLES, STATES, who

NEW = {"accounts": N_("New account"), "senders": N_("New sender")}


class Accounts(Noun):
    """Those in one's reach."""

    SECTION = "accounts"

    async def begin(self) -> Iterable[Find]:
        may = "account.add" in self.post.reach
        return [Find(self.post.say(title), partial(self._new, section)) for section, title in NEW.items() if may]

    async def found(self, query: str) -> Iterable[Find]:
        page = await self.post.connection.get("/accounts", text=query, limit=MOST)
        made = [find for find in await self.begin() if query.lower() in find.title.lower()]
        return [*made, *(self._find(item) for item in page["items"])]

    def _find(self, item: dict[str, str]) -> Find:
        told = f"{self.post.say(ROLES[item['role']])}, {self.post.say(STATES[item['state']])}"
        return Find(who(item), partial(self._open, item["id"]), told)

    def _open(self, account: str) -> None:
        self.post.open(AccountDetail(account))

    def _new(self, section: str) -> None:
        self.post.go(section)
        self.post.call_after_refresh(self._ask)

    def _ask(self) -> None:
        if isinstance(self.post.screen, AccountList):
            self.post.screen.action_new()
