"""Settings in the palette: found by their names and the words of their documentation."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from postex_tui.palette.finds import Find, Noun
from postex_tui.screens.office.settings import Settings, is_meant


class SettingFinds(Noun):
    """Each opens at its place in the section."""

    SECTION = "settings"

    async def found(self, query: str) -> Iterable[Find]:
        items: list[dict[str, Any]] = (await self.post.connection.get("/settings"))["items"]
        meant = [item for item in items if is_meant(item, query)]
        return [Find(item["name"], partial(self._open, item["name"]), item["meaning"]) for item in meant]

    def _open(self, name: str) -> None:
        self.post.go(self.SECTION)
        self.post.call_after_refresh(self._there, name)

    def _there(self, name: str) -> None:
        if isinstance(self.post.screen, Settings):
            self.post.screen.go_to(name)
