"""The app over a real control API in this process: a store with people, a terminal of a given size."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any
from unittest.mock import patch

import textual.app
import textual.pilot
from textual._compositor import Compositor
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot
from textual.screen import Screen
from textual.worker import WorkerCancelled

from postex_tui import app as front
from postex_tui.app import PostexApp
from postex_tui.connection import Connection
from tests.control import Desk, Person

SMALL, LARGE = (80, 24), (140, 45)
ENDS = frozenset({"load", "act", "pages", "sign-in", "prove", "look"})
"""Groups of workers that come to an end by themselves; live events do not."""
AT_MOST = 1.0
"""Seconds for which a pause waits until all is still."""
_seated: list[PostexApp] = []


def _is_still(app: PostexApp) -> bool:
    """Whether no widget has a message to read, and the screen nothing to draw."""
    screen = app.screen
    waits = screen._layout_required or screen._repaint_required or screen._dirty_widgets or screen._callbacks
    return not waits and all(each._message_queue.empty() for each in (app, *screen.walk_children(with_self=True)))


async def _stillness(*_: float) -> None:
    """Textual's pilot waits until the process has been idle for 20 ms, twice for each key, and takes the work of any
    thread for its own; what is waited for is known.
    """
    ends, calm = monotonic() + AT_MOST, 0
    while calm < 2 and monotonic() < ends:
        await asyncio.sleep(0.001)
        calm = calm + 1 if all(_is_still(app) for app in _seated) else 0


textual.app.wait_for_idle = textual.pilot.wait_for_idle = _stillness  # type: ignore[attr-defined]

_read = Stylesheet._parse_rules
_rules: dict[object, list[RuleSet]] = {}


def _read_once(sheet: Stylesheet, *source: Any, **about: Any) -> list[RuleSet]:
    """Each app, and each theme, would read the same styles anew: 50 ms."""
    key = tuple(sheet._variables.items()), source, tuple(about.items())
    if key not in _rules:
        _rules[key] = _read(sheet, *source, **about)
    return _rules[key]


Stylesheet._parse_rules = _read_once  # type: ignore[method-assign]


_drawn = Compositor.render_update


def _drawn_when_looked_at(of: Compositor, full: bool = False, **how: Any) -> Any:
    """Here is no terminal, and a third of the time went into drawing for none: pictures and `Seat.text` draw all."""
    if full:
        return _drawn(of, full=True, **how)
    of._dirty_regions.clear()
    return None


Compositor.render_update = _drawn_when_looked_at  # type: ignore[method-assign]


class Passage(Screen[None]):
    """Stands where the door stands, for who is through: a door is made, styled and drawn in 100 ms."""

    def __init__(self, *_: object) -> None:
        super().__init__()


@dataclass
class Seat:
    """Somebody before the app."""

    desk: Desk
    app: PostexApp
    pilot: Pilot[None]

    async def settled(self) -> None:
        """Until nothing is asked or drawn any more, live events aside."""
        await self.pilot.pause()
        while busy := [worker for worker in self.app.workers if worker.group in ENDS and not worker.is_finished]:
            with suppress(WorkerCancelled):
                await busy[0].wait()
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settled()

    @property
    def text(self) -> str:
        """What stands on the screen, line by line."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in lines)


@asynccontextmanager
async def seat(
    desk: Desk,
    who: Person | None = None,
    *,
    section: str | None = None,
    locale: str = "en",
    size: tuple[int, int] = SMALL,
    confined: bool = False,
) -> AsyncIterator[Seat]:
    """The app; `who` is signed in already and went to `section`."""
    connection = Connection(lambda: desk.http._transport, locale)
    app = PostexApp(connection, confined=confined)
    app.animation_level = "none"
    passage = patch.object(front, "SignIn", Passage) if who else nullcontext()
    async with AsyncExitStack() as there:
        with passage:
            pilot = await there.enter_async_context(app.run_test(size=size))
        await there.enter_async_context(seated(app))
        made = Seat(desk, app, pilot)
        if who is not None:
            connection.token = who.token
            app.signed_in(await connection.get("/session"), section)
        await made.settled()
        yield made
        if who is not None and not app._exit:
            connection.token = None  # who got up without quitting stays signed in
    await connection.aclose()


@asynccontextmanager
async def seated(app: PostexApp) -> AsyncIterator[None]:
    """Pauses are until this app is still."""
    _seated.append(app)
    try:
        yield
    finally:
        _seated.remove(app)
