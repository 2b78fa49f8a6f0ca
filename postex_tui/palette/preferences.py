"""Preferences in the palette: how a sender of mine reaches me, opened to be changed."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from bridge.i18n import N_
from postex_tui.palette.finds import Find, Noun
from postex_tui.screens.me.preferences.form import OWN
from postex_tui.screens.me.preferences.section import Preferences, key_of
from postex_tui.screens.words.choices import CHANNELS, level_name


class MyPreferences(Noun):
    """Senders of one's own, by a part of their name or address."""

    SECTION = Preferences.NAME

    async def begin(self) -> Iterable[Find]:
        return [Find(self.post.say(N_("How I receive: choose for a sender")), self._new)]

    async def found(self, query: str) -> Iterable[Find]:
        effects = await self.post.connection.get(f"{OWN}/effects")
        wanted = query.lower()
        return [self._find(row) for row in effects["rows"] if row["sender"] and wanted in self._words(row).lower()]

    def _find(self, row: Mapping[str, Any]) -> Find:
        title = self.post.say(N_("How {what} reaches me"), what=level_name(row, self.post.say))
        told = self.post.say(CHANNELS[row["decided"]["channel"]])
        return Find(title, partial(self._change, key_of(row)), told)

    def _words(self, row: Mapping[str, Any]) -> str:
        title = self.post.say(N_("How {what} reaches me"), what=level_name(row, self.post.say))
        return " ".join([title, *row["sender"]["addresses"]])

    def _change(self, key: str) -> None:
        self._there(lambda screen: screen.change_here(key))

    def _new(self) -> None:
        self._there(lambda screen: screen.action_new())

    def _there(self, act: Callable[[Preferences], object]) -> None:
        """Do it once one is there."""
        self.post.go(self.SECTION)
        self.post.call_after_refresh(lambda: self._done(act))

    def _done(self, act: Callable[[Preferences], object]) -> None:
        if isinstance(self.post.screen, Preferences):
            act(self.post.screen)
