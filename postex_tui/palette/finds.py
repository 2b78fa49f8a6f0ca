"""How a provider tells what it found: text shown as it is, never as markup; the API is asked in a worker.

Contract. A noun gives `SECTION` (it finds nothing for whom that is closed), `begin` (what is there before one types)
and `found` (for a text). What the API refuses is nothing found: the palette is no place for errors.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from postex_tui.answers import Refusal
from postex_tui.terminal.safe_text import safe_text

if TYPE_CHECKING:
    from postex_tui.app import PostexApp

MOST = 12
"""Things of one noun shown for one text."""
LEAST_SCORE = 0.01
"""What the API found is shown, whether or not its letters match."""


@dataclass(frozen=True, slots=True)
class Find:
    """One line of the palette; `go` is called when it is chosen."""

    title: str
    go: Callable[[], object]
    help: str = ""


class Noun(Provider):
    """Things of one kind; whether they fit a text is for the API to say."""

    SECTION: ClassVar[str]
    """The section they belong to: who does not have it finds nothing."""

    @property
    def post(self) -> "PostexApp":
        return cast("PostexApp", self.app)

    async def begin(self) -> Iterable[Find]:
        """Offered before anything is typed."""
        return ()

    async def found(self, query: str) -> Iterable[Find]:
        """Offered for a text, best first."""
        raise NotImplementedError

    async def discover(self) -> Hits:
        for find in await self._asked(self.begin):
            title = safe_text(find.title)
            yield DiscoveryHit(Content(title), find.go, title, _help(find))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for find in await self._asked(partial(self.found, query)):
            title = safe_text(find.title)
            yield Hit(max(matcher.match(title), LEAST_SCORE), Content(title), find.go, title, _help(find))

    async def _asked(self, ask: Callable[[], Awaitable[Iterable[Find]]]) -> list[Find]:
        if not any(each.name == self.SECTION for each in self.post.offers):
            return []
        try:
            return list(islice(await ask(), MOST))
        except Refusal:
            return []


def _help(find: Find) -> str | None:
    """The palette takes it for markup: brackets would act, so they are others that look alike."""
    return safe_text(find.help).replace("[", "(").replace("]", ")") or None
