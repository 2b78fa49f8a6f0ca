"""Waiting for what an act leads to: a screen, a word at the side. Nothing looks at a clock but the limit."""

import asyncio
from typing import Any

from textual.screen import Screen

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
