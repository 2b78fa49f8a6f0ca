"""Sections in which something is done: confirmed or filled in first, told when it is done, then asked anew."""

from collections.abc import Awaitable, Callable
from typing import Any

from textual import work

from postex_tui.screens.dialogs import Confirm, Form
from postex_tui.screens.section import SectionScreen

Done = str | Callable[[Any], str]


class DeedScreen(SectionScreen):
    """`done`: the words, or what makes them of the API's answer."""

    def may(self, action: str) -> bool:
        """Whether one's rights to it reach beyond oneself."""
        return self.post.reach.get(action, "self") != "self"

    @work(group="ask")
    async def sure(self, asked: Confirm, call: Callable[[], Awaitable[Any]], done: Done) -> None:
        """Once it is confirmed carry it out."""
        if await self.post.push_screen_wait(asked):
            self.act(call, lambda answer: self.is_done(_words(done, answer)))

    @work(group="ask")
    async def filled(self, form: Form, done: Done) -> None:
        """Once the form was taken."""
        answer = await self.post.push_screen_wait(form)
        if answer is not None:
            self.is_done(_words(done, answer))

    def is_done(self, words: str) -> None:
        self.post.tell(words)
        self.reload()


def _words(done: Done, answer: Any) -> str:
    return done if isinstance(done, str) else done(answer)
