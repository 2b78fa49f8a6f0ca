"""Sections, by their names."""

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

if TYPE_CHECKING:
    from postex_tui.app import PostexApp


class Places(Provider):
    """Of all modes that one has."""

    @property
    def post(self) -> "PostexApp":
        return cast("PostexApp", self.app)

    async def discover(self) -> Hits:
        for section in self.post.offers:
            yield DiscoveryHit(self.post.say(section.title), partial(self.post.go, section.name))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for section in self.post.offers:
            title = self.post.say(section.title)
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), partial(self.post.go, section.name))
