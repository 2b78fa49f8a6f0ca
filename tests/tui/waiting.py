"""What a person does to a form, and waiting for what it leads to: nothing looks at a clock but the limit."""

import asyncio
from typing import Any

from textual.command import CommandList
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import Widget

from tests.tui.office import Seat

MOST = 10.0


async def reached(at: Seat, kind: type[Screen[Any]], *, settle: bool = True) -> None:
    """Until a screen of this kind is in front. Without `settle` where an act waits for that screen's answer."""
    async with asyncio.timeout(MOST):
        while not isinstance(at.app.screen, kind):
            await at.pilot.pause(0.01)
    if settle:
        await at.settled()


async def told(at: Seat, words: str) -> None:
    """Until this was said at the side."""
    async with asyncio.timeout(MOST):
        while not any(words in note.message for note in at.app._notifications):
            await at.pilot.pause(0.01)
    await at.settled()


async def found(at: Seat, name: str) -> Any:
    """The widget of that id on the screen in front, once it is there."""
    async with asyncio.timeout(MOST):
        while True:
            try:
                return at.app.screen.query_one(f"#{name}", Widget)
            except NoMatches:
                await at.pilot.pause(0.01)


async def offered(at: Seat, words: str) -> None:
    """Until the palette would do this at Enter: it goes on filling while it is looked at."""
    palette = at.app.screen.query_one(CommandList)
    async with asyncio.timeout(MOST):
        while not ((first := palette.highlighted_option) and words in str(first.prompt)):
            await at.pilot.pause(0.01)


async def pushed(at: Seat, button: str = "do") -> None:
    """Once it is there; until what it does is done."""
    (await found(at, button)).press()
    await at.settled()


def fill(at: Seat, **values: Any) -> None:
    """Fields by id."""
    for name, value in values.items():
        at.app.screen.query_one(f"#{name}").value = value  # type: ignore[attr-defined]


async def filled(at: Seat, **values: Any) -> None:
    """A form, once it is there; then its button."""
    for name in values:
        await found(at, name)
    fill(at, **values)
    await pushed(at)


def read(at: Seat) -> str:
    """What stands on the screen, as if it were one line, without the frames of boxes."""
    return " ".join(at.text.replace("│", " ").split())
