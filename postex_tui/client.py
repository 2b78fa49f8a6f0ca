"""The control API as the terminal app and the command line see it.

Contract. `with control(data) as api:` speaks to the running bridge over its Unix socket; where none runs, it takes
the data folder's lock and runs the very same application in this process: the same routes, rights and audit events.
There, without a session, it is the operator's. Refusals become `Refusal`, with the problem's code and text.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from bridge.api import sockets
from bridge.settings import Settings
from postex_tui import token
from postex_tui.answers import Refusal
from postex_tui.data_folder import open_locked, require, settings_of
from postex_tui.files import downloads
from postex_tui.language import language
from postex_tui.replies import BASE, Query, answered

SECONDS = 120.0
"""An erasure takes its time."""
_NO_OPERATOR = "the operator of the machine may not do this; sign in as somebody who may: postex login"


class Api:
    """Requests from synchronous code; returns what was parsed from the JSON of the answer."""

    def __init__(self, runner: asyncio.Runner, http: httpx.AsyncClient, *, is_online: bool) -> None:
        self._runner = runner
        self._http = http
        self.is_online = is_online
        """Whether a running bridge answers, not this process."""

    def get(self, path: str, **query: Query) -> Any:
        return self._request("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, object] | None = None, *, seconds: float = SECONDS) -> Any:
        return self._request("POST", path, body or {}, seconds=seconds)

    def put(self, path: str, body: Mapping[str, object]) -> Any:
        return self._request("PUT", path, body)

    def patch(self, path: str, body: Mapping[str, object]) -> Any:
        return self._request("PATCH", path, body)

    def delete(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        return self._request("DELETE", path, body)

    def download(self, path: str, body: Mapping[str, object], file: BinaryIO, told: Callable[[int], None]) -> None:
        """Write a large answer to a file while it comes."""
        try:
            self._runner.run(downloads.download(self._http, path, body, file, told))
        except httpx.TransportError:
            raise Refusal("cut-short", "the connection was cut before the end; nothing of it is kept") from None

    def pages(self, path: str, **query: Query) -> Iterator[Any]:
        """All items of a long list, page by page."""
        while True:
            page = self.get(path, **query)
            yield from page["items"]
            if page["next"] is None:
                return
            query["after"] = page["next"]

    def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, Query] | None = None,
        seconds: float = SECONDS,
    ) -> Any:
        wanted = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            sent = self._http.request(method, path, json=body, params=wanted, timeout=seconds)
            response = self._runner.run(sent)
        except httpx.TransportError as error:
            raise Refusal(
                "no-answer", f"the bridge did not answer ({type(error).__name__}); is it running?"
            ) from None
        try:
            return answered(response)
        except Refusal as refusal:
            if refusal.code != "forbidden" or self.is_online or "Authorization" in self._http.headers:
                raise
            raise Refusal(refusal.code, _NO_OPERATOR) from None


@contextmanager
def control(data: Path, *, session: str | None = None) -> Iterator[Api]:
    """For one command. `session`: a token to use instead of the one kept."""
    require(data)
    settings = settings_of(data)
    bearer = session or token.load(data)
    with asyncio.Runner() as runner:
        opened = _opened(data, settings, bearer)
        http, is_online = runner.run(opened.__aenter__())
        try:
            yield Api(runner, http, is_online=is_online)
        finally:
            runner.run(opened.__aexit__(None, None, None))


@asynccontextmanager
async def _opened(
    data: Path, settings: Settings, bearer: str | None
) -> AsyncIterator[tuple[httpx.AsyncClient, bool]]:
    headers = {"Accept-Language": language(), "Postex-Road": "cli"} | (
        {"Authorization": f"Bearer {bearer}"} if bearer else {}
    )
    async with (
        _transport(data, settings) as (transport, is_online),
        httpx.AsyncClient(base_url=BASE, headers=headers, transport=transport, timeout=SECONDS) as client,
    ):
        yield client, is_online


@asynccontextmanager
async def _transport(data: Path, settings: Settings) -> AsyncIterator[tuple[httpx.AsyncBaseTransport, bool]]:
    if sockets.is_served(data):
        with sockets.address_of(data) as address:
            yield httpx.AsyncHTTPTransport(uds=address), True
        return
    async with _in_process(data, settings) as application:
        yield application, False


@asynccontextmanager
async def _in_process(data: Path, settings: Settings) -> AsyncIterator[httpx.ASGITransport]:
    """The application over a store that this process holds."""
    from bridge import logs
    from bridge.api import app
    from bridge.api.control import Control
    from bridge.clock import system
    from bridge.throttle import Throttle

    # Standard output belongs to the answer.
    logs.configure("warning")
    store = open_locked(data, settings)
    try:
        made = Control(store, system, settings, Throttle(system, settings.throttle.trusted_networks), data)
        yield httpx.ASGITransport(app.create(made, operator=True))
    finally:
        await store.aclose()
