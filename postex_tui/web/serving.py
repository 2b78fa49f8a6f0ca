"""`postex web`: the terminal app in a browser, a process of its own for every page that is open.

Contract. It listens where it is told, which is loopback unless one insists: TLS is for the proxy in front. A page
holds no rights: each signs in within the app. What textual-serve leaves open is bounded here: pages at once and of
one visitor (visitors.py), the size a page may claim, who may open a socket (pages of this site alone, RFC 6455
section 10.2), what the page may load (nothing from elsewhere), files cut short (downloads.py). What goes through a
page, passwords among it, is in no log.
"""

import asyncio
import copy
import logging
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp_jinja2
from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server

from bridge.i18n import accepted
from postex_tui.language import language
from postex_tui.web.downloads import Downloads
from postex_tui.web.visitors import TooMany, Visitors, visitor
from postex_tui.web.words import spoken

WIDEST, HIGHEST = 400, 150
"""Columns and rows; more is taken for this much."""
FAREWELL_SECONDS = 5
PAGE = Path(__file__).parent / "page"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
    " font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
UNCHANGED = ("/static/", "/page/")
"""Parts that are the same for everybody: browsers may keep them, and ask whether they changed."""
PORTS = {"http": 80, "https": 443}


class Pages(Server):
    """Serves `command`; `public_url` is where browsers find it, a path included where the proxy takes that off."""

    def __init__(self, command: Sequence[str], host: str, port: int, public_url: str | None) -> None:
        super().__init__(
            f"exec {shlex.join(command)}", host=host, port=port, public_url=public_url, templates_path=PAGE
        )
        self.download_manager = Downloads()
        self._visitors, self._empty = Visitors(), asyncio.Event()
        self._empty.set()
        self._sockets: set[web.WebSocketResponse] = set()

    def initialize_logging(self) -> None:
        """Warnings alone, and without what a page sent."""
        logging.basicConfig(level="WARNING", format="%(name)s: %(message)s")

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.add_routes([web.static("/page", PAGE)])
        app.on_response_prepare.append(_guard)
        return app

    async def handle_index(self, request: web.Request) -> web.Response:
        """The page, in the language that the browser asks for."""
        address = f"{self.public_url.rstrip('/')}/"
        locale = accepted(request.headers.get("Accept-Language")) or language()
        socket = f"ws{address.removeprefix('http')}ws"
        values = {"locale": locale, "words": spoken(locale), "address": address, "socket": socket}
        return aiohttp_jinja2.render_template("app_index.html", request, values)

    async def on_startup(self, app: web.Application) -> None:
        self.console.print(f"Open {self.public_url} in a browser. Ctrl-C ends it.", markup=False, highlight=False)

    async def on_shutdown(self, app: web.Application) -> None:
        """Every page's process ends before this one does."""
        await asyncio.gather(*(page.close() for page in self._sockets))
        await self._empty.wait()

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One page, from its opening to its end."""
        if not self._is_ours(request):
            raise web.HTTPForbidden(text="Only pages of this site may open the app.")
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
        try:
            with self._visitors.page(visitor(request.remote, forwarded)):
                self._empty.clear()
                return await Server.handle_websocket(
                    self._speaking(request), request.clone(rel_url=_bounded(request))
                )
        except TooMany:
            raise web.HTTPServiceUnavailable(text="Too many pages are open. Try again in a minute.") from None
        finally:
            if not self._visitors.pages:
                self._empty.set()

    def _is_ours(self, request: web.Request) -> bool:
        try:
            return _origin(request.headers.get("Origin", "")) == _origin(self.public_url)
        except ValueError:
            return False

    def _speaking(self, request: web.Request) -> "Pages":
        """The same, whose app begins in the language that the browser asks for."""
        locale = accepted(request.headers.get("Accept-Language"))
        if locale is None:
            return self
        speaking = copy.copy(self)
        speaking.command = self.command.replace("exec", f"exec env LC_ALL= LC_MESSAGES={locale}", 1)
        return speaking

    async def _process_messages(self, websocket: web.WebSocketResponse, app_service: AppService) -> None:
        self._sockets.add(websocket)
        try:
            async with asyncio.TaskGroup() as beside:
                beside.create_task(_closed_with(app_service, websocket))
                try:
                    await super()._process_messages(websocket, Sized(app_service))  # type: ignore[arg-type]
                finally:
                    await _ended(app_service)
        finally:
            self._sockets.discard(websocket)


async def _closed_with(service: AppService, websocket: web.WebSocketResponse) -> None:
    """An app that did not start, or was ended from outside, says no last word: its page is told."""
    if service._process is not None:
        await service._process.wait()
    await websocket.close()


async def _ended(service: AppService) -> None:
    """Asked to end, then made to: textual-serve waits for its last words, not for the process itself."""
    process = service._process
    try:
        async with asyncio.timeout(FAREWELL_SECONDS):
            await service.stop()
            if process is not None:
                await process.wait()
    except TimeoutError:
        if process is not None:
            process.kill()
            await process.wait()


class Sized:
    """An app's process that believes a page's size within bounds only."""

    def __init__(self, service: AppService) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    async def set_terminal_size(self, width: int, height: int) -> None:
        await self._service.set_terminal_size(within(width, WIDEST), within(height, HIGHEST))


def within(claimed: object, most: int) -> int:
    """A size that a page claims, made one that can be."""
    text = str(claimed)
    return min(max(int(text), 1), most) if text.isascii() and text.isdigit() and len(text) < 9 else most


def _bounded(request: web.Request) -> Any:
    wanted = request.query
    return request.rel_url.update_query(
        width=within(wanted.get("width", 80), WIDEST), height=within(wanted.get("height", 24), HIGHEST)
    )


def is_address(url: str) -> bool:
    """Whether browsers could find something there."""
    try:
        scheme, host, _ = _origin(url)
    except ValueError:
        return False
    return scheme in PORTS and bool(host)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port (RFC 6454 section 4). ValueError."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)


async def _guard(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers["Cache-Control"] = "no-cache" if request.path.startswith(UNCHANGED) else "no-store"
