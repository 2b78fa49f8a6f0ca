"""What all sections share: bar, rail, footer; loading, empty, failed and offline states; words; proven calls.

Contract. A section gives `contents` (its widgets) and `fetch` (what it asks of the API, in a worker), and `show` puts
the answer on the widgets. While the first answer is awaited, and when there is none, the room says so and what to do;
what was shown before stays under a loss of the connection. Nothing here waits on the loop.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.events import ScreenResume
from textual.reactive import reactive
from textual.screen import ActiveBinding, Screen  # type: ignore[attr-defined]
from textual.widget import Widget

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.connection import REOPENED, Connection, Event, Unreachable
from postex_tui.widgets.bar import Bar
from postex_tui.widgets.keys import Keys
from postex_tui.widgets.plain import Grid, Line
from postex_tui.widgets.rail import Rail

if TYPE_CHECKING:
    from postex_tui.app import PostexApp

T = TypeVar("T")
LOADING = N_("One moment …")
STATES = ("loading", "ready", "empty", "failed", "offline")
AGAIN = N_("Press r to try again.")
STRANGE = N_(
    "The bridge's answer makes no sense to this app ({where}). Are both of the same version? Then it is a fault of"
    " the app: tell your admin these words."
)
UNLIKE = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an answer of another shape leads to."""


def place_of(error: BaseException) -> str:
    """Where in the programs it arose; nothing of its text, which may hold anything (S21)."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f", {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{at}"


class WordedScreen(Screen[T]):
    """A screen that speaks the reader's language, its footer included."""

    _styled_in = ""
    focused: reactive[Widget | None] = reactive(None, repaint=False)
    """Textual draws the whole screen anew with each move of the focus; the two widgets concerned do so alone."""

    def on_compose(self) -> None:
        """The classes of the screen's size come before its widgets: Textual sets them after, and styles all twice."""
        app, (width, height) = self.app, self.app.size
        for size, steps in ((width, app.HORIZONTAL_BREAKPOINTS), (height, app.VERTICAL_BREAKPOINTS)):
            self.add_class(max(step for step in steps or () if step[0] <= size)[1], update=False)
        app.stylesheet.apply(self)
        self._styled_in = app.theme

    async def on_screen_resume(self, event: ScreenResume) -> None:
        """Textual styles all anew; only another theme asks for that. It is drawn in a turn of the loop of its own."""
        event.refresh_styles = self._styled_in != self.app.theme
        self._styled_in = self.app.theme
        await asyncio.sleep(0)

    @property
    def post(self) -> "PostexApp":
        return cast("PostexApp", self.app)

    @property
    def api(self) -> Connection:
        return self.post.connection

    def say(self, message: str, **values: object) -> str:
        """One of our own texts, in the language of the reader."""
        return self.post.say(message, **values)

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        return {key: self._worded(active) for key, active in super().active_bindings.items()}

    def reword(self) -> None:
        """After the language changed."""
        self.refresh(recompose=True)

    def _worded(self, active: ActiveBinding) -> ActiveBinding:
        described = active.binding.description
        return (
            active
            if not described
            else active._replace(binding=replace(active.binding, description=self.say(described)))
        )


class SectionScreen(WordedScreen[None]):
    """One entry of the rail."""

    NAME: ClassVar[str]
    """As in `sections.SECTIONS`."""
    LISTENS: ClassVar[frozenset[str]] = frozenset()
    """Kinds of live events after which it asks anew."""
    EMPTY: ClassVar[str] = N_("There is nothing here yet.")
    DEFAULT_CLASSES = "loading"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "reload", N_("Reload"), show=False)]

    def compose(self) -> ComposeResult:
        yield Bar()
        with Horizontal(id="desk"):
            yield Rail(self.NAME)
            with Container(id="room", classes="loading"):
                yield Line(self.say(LOADING), id="state", lines=True)
                with Vertical(id="contents"):
                    yield from self.contents()
        yield Keys()

    def contents(self) -> Iterable[Widget]:
        """The widgets of the room."""
        raise NotImplementedError

    async def fetch(self) -> Any:
        """What is asked of the API."""
        raise NotImplementedError

    def show(self, content: Any) -> bool:
        """Put it on the widgets; False if there is nothing to see."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.reload()

    def reword(self) -> None:
        """What is shown is made and asked anew, in the other language."""
        self._reworded()

    @work(group="act")
    async def _reworded(self) -> None:
        await self.recompose()
        self._settle("loading", self.say(LOADING))
        self.reload()

    def reload(self) -> None:
        """Ask again; what is shown stays until the answer is there."""
        self._load()

    def action_reload(self) -> None:
        """That it was asked for shows at once, whenever the answer comes."""
        self.query_one(Bar).is_asking(True)
        self.reload()

    def on_live(self, event: Event) -> None:
        """A live event of a kind it listens to."""
        self.reload()

    def is_mine(self, event: Event) -> bool:
        """Whether it tells of one's own account, or that something may have been missed."""
        session = self.post.session
        return event.kind == REOPENED or (session is not None and event.data.get("account") == session.account)

    @work(group="load", exclusive=True)
    async def _load(self) -> None:
        try:
            content = await self.fetch()
        except Unreachable as refusal:
            self._settle(*(("ready", "") if self.has_class("ready") else ("offline", refusal.message)))
            return
        except Refusal as refusal:
            self._settle("failed", f"{refusal.message}\n\n{self.say(AGAIN)}")
            self.post.heard(refusal)
            return
        except UNLIKE as error:
            self._settle("failed", f"{self.say(STRANGE, where=place_of(error))}\n\n{self.say(AGAIN)}")
            return
        if self.is_mounted:
            self._shown(content)

    def _shown(self, content: Any) -> None:
        try:
            is_something = self.show(content)
        except UNLIKE as error:
            self._settle("failed", f"{self.say(STRANGE, where=place_of(error))}\n\n{self.say(AGAIN)}")
            return
        self._settle("ready" if is_something else "empty", self.say(self.EMPTY))
        if self.focused is None or self.focused.id == "rail":
            self._give_keys()

    def _give_keys(self) -> None:
        """To the list of the room if it has one, so that one can begin; not when the rail was asked for (F2)."""
        wanted = next((each for each in self.focus_chain if isinstance(each, Grid)), None)
        if wanted is not None and not self.has_class("menu"):
            wanted.focus(scroll_visible=False)

    def _settle(self, state: str, words: str) -> None:
        """The screen bears the state for whoever asks; its room alone is styled by it, for that is a hundred widgets
        fewer.
        """
        if not self.has_class(state):
            room = self.query_one("#room")
            for node in (self, room):
                node.remove_class(*STATES, update=False).add_class(state, update=False)
            room.update_node_styles()
            self.refresh_bindings()
        self.query_one("#state", Line).say(words)
        self.query_one(Bar).is_asking(False)

    def act(self, call: Callable[[], Awaitable[Any]], done: Callable[[Any], None]) -> None:
        """Carry something out, with proof of identity where the API asks for it; then `done` with the answer."""
        self._acted(call, done)

    @work(group="act")
    async def _acted(self, call: Callable[[], Awaitable[Any]], done: Callable[[Any], None]) -> None:
        try:
            answer = await self.post.proven(call)
        except Refusal as refusal:
            self.post.tell(refusal.message, wrong=True)
            return
        if answer is not None:
            done(answer.content)


class DetailScreen(SectionScreen):
    """One thing of a section, in front of it: `subject` is its id. Escape leads back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", N_("Back"))]

    def __init__(self, subject: str) -> None:
        super().__init__()
        self.subject = subject

    def action_back(self) -> None:
        """To where one came from, which asks anew: something may have been done here."""
        below = self.post.screen_stack[-2]
        self.dismiss()
        if isinstance(below, SectionScreen):
            below.reload()
