"""What waits for people, in the palette: a kind of request by its name, a question by its number."""

from collections.abc import Iterable
from functools import partial

from postex_tui.palette.finds import Find, Noun
from postex_tui.screens.office.requests.section import ROOMS, Requests

ALL = 500


class RequestFinds(Noun):
    """Of the kinds that one's rights reach."""

    SECTION = "requests"

    async def found(self, query: str) -> Iterable[Find]:
        finds = [*self._rooms(), *await self._tickets()]
        return [find for find in finds if query.lower() in find.title.lower()]

    def _rooms(self) -> Iterable[Find]:
        for room in ROOMS:
            if self._may(room.ACTION):
                yield Find(self.post.say(room.TITLE), partial(self._open, room.NAME))

    async def _tickets(self) -> list[Find]:
        if not self._may("ticket.list"):
            return []
        page = await self.post.connection.get("/tickets", limit=ALL)
        return [
            Find(item["number"], partial(self._open, "tickets"), f"{item['desk']}@{item['domain']}")
            for item in page["items"]
        ]

    def _may(self, action: str) -> bool:
        return self.post.reach.get(action, "self") != "self"

    def _open(self, room: str) -> None:
        self.post.go(self.SECTION)
        self.post.call_after_refresh(self._there, room)

    def _there(self, room: str) -> None:
        if isinstance(self.post.screen, Requests):
            self.post.screen.enter_room(room)
