"""Live sessions in the palette, found by whose they are; each opens at its row."""

from collections.abc import Iterable
from functools import partial

from postex_tui.palette.finds import MOST, Find, Noun
from postex_tui.screens.office.sessions import Sessions
from postex_tui.screens.words.accounts import who
from postex_tui.screens.words.times import moment


class SessionFinds(Noun):
    """Of the accounts in one's reach."""

    SECTION = "sessions"

    async def found(self, query: str) -> Iterable[Find]:
        page = await self.post.connection.get("/sessions", text=query, limit=MOST)
        return [self._find(item) for item in page["items"]]

    def _find(self, item: dict[str, str]) -> Find:
        told = f"{item['door']}, {moment(int(item['since']))}"
        return Find(who(item), partial(self._open, item["email"] or "", item["id"]), told)

    def _open(self, email: str, session: str) -> None:
        self.post.go(self.SECTION)
        self.post.call_after_refresh(self._there, email, session)

    def _there(self, email: str, session: str) -> None:
        if isinstance(self.post.screen, Sessions):
            self.post.screen.go_to(email, session)
