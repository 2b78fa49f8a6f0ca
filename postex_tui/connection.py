"""The control API for the terminal app: asynchronous, and honest about whether the bridge answers.

Contract. Every call gives what was parsed from the answer's JSON, or raises `Refusal` with the problem's code and
its text in the reader's language; `Unreachable` where no bridge answered. `watch` is told with each. `events` is a
stream without end: it opens itself again after a fault, and says so, so that the reader looks anew.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

import httpx

from bridge.i18n import N_, text
from postex_tui.answers import Refusal
from postex_tui.files import downloads
from postex_tui.replies import BASE, Query, answered

SECONDS = 30.0
FAREWELL_SECONDS = 2.0
"""How long the bridge may take to end a session whose person went away."""
PAUSES = (0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts to open a stream; the last one stays."""
REOPENED = "reopened"
NO_ANSWER = N_("The bridge does not answer. It may be starting or stopped; this screen tries again by itself.")

CUT_SHORT = N_("The connection was cut before the end. Nothing of it is kept; try again.")


class Unreachable(Refusal):
    """No bridge answered."""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    kind: str
    data: Mapping[str, Any]


class Connection:
    """`open_transport` gives the way to the bridge; it is called once."""

    def __init__(self, open_transport: Callable[[], httpx.AsyncBaseTransport], locale: str) -> None:
        self.locale = locale
        self.token: str | None = None
        self.watch: Callable[[bool], None] = lambda _: None
        """Told whether the bridge answers, with every answer."""
        self.attended: Callable[[], bool] = lambda: True
        """Whether a person is there; what is asked without one does not keep the session alive."""
        self._http = httpx.AsyncClient(base_url=BASE, transport=open_transport(), timeout=SECONDS)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def sign_out(self) -> None:
        """End the session, if there is one, where a bridge answers at once; else it ends by its idle time."""
        if self.token:
            with suppress(Refusal):
                await self._request("DELETE", "/session", seconds=FAREWELL_SECONDS)
            self.token = None

    async def get(self, path: str, **query: Query) -> Any:
        return await self._request("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, object] | None = None, *, seconds: float = SECONDS) -> Any:
        """`seconds`: how long the answer may take; what is begun goes on in the bridge."""
        return await self._request("POST", path, body or {}, seconds=seconds)

    async def put(self, path: str, body: Mapping[str, object]) -> Any:
        return await self._request("PUT", path, body)

    async def patch(self, path: str, body: Mapping[str, object]) -> Any:
        return await self._request("PATCH", path, body)

    async def delete(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        return await self._request("DELETE", path, body)

    async def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, Query] | None = None,
        seconds: float = SECONDS,
    ) -> Any:
        wanted = {name: value for name, value in (query or {}).items() if value is not None}
        asked = self._http.request(method, path, json=body, params=wanted, headers=self._headers(), timeout=seconds)
        try:
            response = await asked
        except httpx.TransportError:
            self.watch(False)
            raise Unreachable("no-answer", text(self.locale, NO_ANSWER)) from None
        self.watch(True)
        return answered(response)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept-Language": self.locale, "Postex-Road": "tui"}
        headers |= {} if self.attended() else {"Postex-Unattended": "yes"}
        return headers | {"Authorization": f"Bearer {self.token}"} if self.token else headers

    async def download(
        self, path: str, body: Mapping[str, object], file: BinaryIO, told: Callable[[int], None]
    ) -> None:
        """Write a large answer to a file while it comes. `told`: how many bytes came."""
        try:
            await downloads.download(self._http, path, body, file, told, self._headers())
        except httpx.TransportError:
            self.watch(False)
            raise Unreachable("cut-short", text(self.locale, CUT_SHORT)) from None
        self.watch(True)

    async def events(self, *kinds: str) -> AsyncIterator[Event]:
        """What happens from now on; `REOPENED` where something may have been missed."""
        attempt = 0
        while True:
            try:
                async for event in self._stream(kinds):
                    attempt = 0
                    yield event
            except httpx.TransportError:
                self.watch(False)
            await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
            attempt += 1
            yield Event(REOPENED, {})

    async def _stream(self, kinds: tuple[str, ...]) -> AsyncIterator[Event]:
        timeout = httpx.Timeout(SECONDS, read=None)
        asked = self._http.stream(
            "GET", "/events", params=[("kind", kind) for kind in kinds], headers=self._headers(), timeout=timeout
        )
        async with asked as response:
            if not response.is_success:
                await response.aread()
                answered(response)
            self.watch(True)
            kind = "message"
            async for line in response.aiter_lines():
                if line.startswith("event:"):
                    kind = line[6:].strip()
                elif line.startswith("data:"):
                    yield Event(kind, json.loads(line[5:]))
