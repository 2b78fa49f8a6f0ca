"""The app over a real control API in this process: a store with people, a terminal of a given size."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from postex_tui.app import PostexApp
from postex_tui.connection import Connection
from tests.control import Desk, Person

SMALL, LARGE = (80, 24), (140, 45)
ENDS = frozenset({"load", "act", "pages", "sign-in", "prove", "look"})
"""Groups of workers that come to an end by themselves; live events do not."""


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
    async with app.run_test(size=size) as pilot:
        made = Seat(desk, app, pilot)
        if who is not None:
            connection.token = who.token
            app.signed_in(await connection.get("/session"), section)
        await made.settled()
        yield made
    await connection.aclose()
