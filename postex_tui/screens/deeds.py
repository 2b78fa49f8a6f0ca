"""Sections in which something is done: confirmed or filled in first, told when it is done, then asked anew."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from textual import work

from postex_tui.screens.dialogs import Confirm, Form
from postex_tui.screens.section import SectionScreen


class DeedScreen(SectionScreen):
    """`done` gives the words for what the API answered."""

    async def all_there(self, after: str | None) -> Mapping[str, Any]:
        """The page after a list that came whole."""
        return {"items": [], "next": None}

    def may(self, action: str) -> bool:
        """Whether one's rights to it reach beyond oneself."""
        session = self.post.session
        return session is not None and session.reach.get(action, "self") != "self"

    @work(group="ask")
    async def sure(self, asked: Confirm, call: Callable[[], Awaitable[Any]], done: Callable[[Any], str]) -> None:
        """Once it is confirmed carry it out."""
        if await self.post.push_screen_wait(asked):
            self.act(call, lambda answer: self.is_done(done(answer)))

    @work(group="ask")
    async def filled(self, form: Form, done: Callable[[Any], str]) -> None:
        """Once the form was taken."""
        answer = await self.post.push_screen_wait(form)
        if answer is not None:
            self.is_done(done(answer))

    def is_done(self, words: str) -> None:
        self.post.tell(words)
        self.reload()
