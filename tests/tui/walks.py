"""Walks through what stands behind sections and in front of them, for pictures: details, dialogs, states."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from textual.screen import Screen

from postex_tui.screens.device_card import DeviceCard
from postex_tui.screens.dialogs import StepUp
from tests.tui.office import Seat
from tests.tui.waiting import reached

Reply = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Stop:
    """One picture: press keys, fill in, press a button, until a screen of this `kind` is in front."""

    name: str
    keys: tuple[str, ...] = ()
    fill: tuple[tuple[str, str], ...] = ()
    button: str = ""
    kind: type[Screen[Any]] | None = None
    later: int = 0
    """Seconds that pass first."""
    waits: bool = False
    """Something asked is not answered meanwhile."""
    until: Callable[[Seat], bool] | None = None
    bridge: Reply | None = None
    """What answers from now on."""

    async def reached(self, at: Seat) -> None:
        if self.later:
            at.desk.clock.turn(self.later)
        if self.bridge is not None:
            at.app.connection._http._transport = httpx.MockTransport(self.bridge)
        await at.pilot.press(*self.keys)
        await self._settled(at)
        for name, value in self.fill:
            at.app.screen.query_one(f"#{name}").value = value  # type: ignore[attr-defined]
        if self.button:
            at.app.screen.query_one(f"#{self.button}").press()  # type: ignore[attr-defined]
        if self.kind is not None:
            await reached(at, self.kind, settle=not self.waits)
        await self._settled(at)
        while self.until is not None and not self.until(at):
            await at.pilot.pause()

    async def _settled(self, at: Seat) -> None:
        """Where an answer is awaited that does not come, only until nothing is drawn any more."""
        await (at.pilot.pause() if self.waits else at.settled())


@dataclass(frozen=True)
class Walk:
    """`rooms`: many alike, of which each is shown at one size and in one theme."""

    name: str
    who: str
    section: str
    stops: tuple[Stop, ...]
    rooms: bool = False


def gone(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("gone")


def refused(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500, json={"code": "internal", "detail": "Something went wrong in the bridge."})


async def silent(_: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError


def in_its_list(at: Seat) -> bool:
    """Whether the list of the room one went to has the keys."""
    return bool(at.app.screen.room.grid.has_focus)  # type: ignore[attr-defined]


ACCOUNT_ROOMS = ("devices", "sessions", "roles", "holds", "addresses", "changes", "deliveries", "erasure")
REQUEST_ROOMS = ("access", "holds", "purges", "erasures")

WALKS = (
    Walk("account", "dora", "accounts", (Stop("account", ("enter",)), Stop("account-suspend", button="act-suspend"))),
    Walk(
        "account-rooms",
        "dora",
        "accounts",
        (
            Stop("account-overview", ("enter",)),
            *(Stop(f"account-{name}", (str(number),)) for number, name in enumerate(ACCOUNT_ROOMS, 2)),
        ),
        rooms=True,
    ),
    Walk(
        "account-forms",
        "dora",
        "accounts",
        (
            Stop("account-new", ("n",)),
            Stop("account-new-refused", button="do"),
            Stop("account-marked", ("escape", "space", "space", "b")),
            Stop("account-several", button="do"),
        ),
        rooms=True,
    ),
    Walk(
        "requests",
        "dora",
        "requests",
        tuple(Stop(f"requests-{n}", (str(i),), until=in_its_list) for i, n in enumerate(REQUEST_ROOMS, 2)),
        rooms=True,
    ),
    Walk(
        "delivery",
        "dora",
        "deliveries",
        (Stop("delivery-detail", ("enter",)), Stop("deliveries-filter", ("escape", "slash"))),
    ),
    Walk(
        "choices",
        "dora",
        "choices",
        (Stop("choices-why", ("w",)), Stop("choices-domain", ("escape", "e")), Stop("choices-form", ("e",))),
        rooms=True,
    ),
    Walk(
        "audit",
        "aldo",
        "audit",
        (
            Stop("audit-event", ("enter",)),
            Stop("audit-filter", ("escape", "slash")),
            Stop("audit-verified", ("escape", "v")),
        ),
    ),
    Walk(
        "owner",
        "owner",
        "roles",
        (
            Stop("role-new", ("n",)),
            Stop("role-taken", ("escape", "d")),
        ),
        rooms=True,
    ),
    Walk(
        "preferences",
        "anna",
        "preferences",
        (
            Stop("preference-form", ("down", "e")),
            Stop("preference-why", ("escape", "w")),
            Stop("help", ("escape", "f1")),
            Stop("palette", ("escape", "ctrl+p")),
        ),
    ),
    Walk(
        "my-rooms",
        "anna",
        "my-history",
        tuple(Stop(f"my-history-{number}", (str(number),)) for number in (2, 3, 4)),
        rooms=True,
    ),
    Walk(
        "device",
        "anna",
        "my-devices",
        (
            Stop("device-new", ("n",)),
            Stop("device-card", fill=(("label", "Tablet"),), button="do", kind=DeviceCard),
        ),
    ),
    Walk(
        "step-up",
        "anna",
        "my-devices",
        (
            Stop("my-devices-sessions", ("2",)),
            Stop("step-up", ("1", "n"), (("label", "Tablet"),), "do", StepUp, later=301, waits=True),
        ),
    ),
    Walk("sending", "erp", "sent", (Stop("sent-filter", ("slash",)),), rooms=True),
    Walk("batch", "erp", "batches", (Stop("batch-commit", ("o",)),), rooms=True),
    Walk("failed", "anna", "my-documents", (Stop("failed", ("r",), bridge=refused),)),
    Walk("offline", "anna", "my-documents", (Stop("offline", ("f2", "down", "enter"), bridge=gone),)),
    Walk("loading", "anna", "my-documents", (Stop("loading", ("f2", "down", "enter"), waits=True, bridge=silent),)),
    Walk("empty", "hans", "my-documents", (Stop("empty"),)),
)
