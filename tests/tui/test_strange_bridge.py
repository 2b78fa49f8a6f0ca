"""Every section before a bridge that answers errors, nonsense, hostile text or nothing: told, not obeyed."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from textual.content import Content

from postex_tui.palette import NOUNS
from postex_tui.palette.finds import Noun
from postex_tui.terminal.safe_text import MOST
from postex_tui.widgets.bar import ASKING, LINKED
from postex_tui.widgets.plain import Line
from tests.tui.office import LARGE, Seat, seat
from tests.tui.scenes import Scene, office
from tests.tui.test_pictures import VIEWS, View

HOSTILE = (
    "[@click=app.quit]x[/]",
    "[/x] [red]",
    "\x1b]0;owned\x07\x1b[2J\x9b31m",
    "‮gnp.exe​﻿",
    "é" + "́" * 400,
    "A" * 10_000,
    "line\r\nState    erased",
)
SPOKEN = (
    "name",
    "label",
    "title",
    "text",
    "reason",
    "note",
    "error",
    "email",
    "address",
    "detail",
    "client",
    "event",
)
"""Parts of the names of fields that hold what people, programs or other servers wrote."""
ASKS_WHEN_TOLD = frozenset({"recipients"})
"""Each look there is noted for others to read, so that it asks nothing by itself."""
Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with office() as made:
        yield made


def spoilt(value: Any, name: str = "", number: int = 0) -> Any:
    """The same answer with hostile text wherever others wrote some."""
    if isinstance(value, dict):
        return {key: spoilt(each, key, number + at) for at, (key, each) in enumerate(value.items())}
    if isinstance(value, list):
        return [spoilt(each, name, number + at) for at, each in enumerate(value)]
    hostile = isinstance(value, str) and any(part in name for part in SPOKEN)
    return HOSTILE[number % len(HOSTILE)] if hostile else value


async def page_of_a_proxy(_: httpx.Request) -> httpx.Response:
    return httpx.Response(502, html="<h1>Bad Gateway</h1>")


async def another_shape(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"surprise": [request.url.path]})


async def not_even_an_object(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=[None, 7, "x"])


async def refused(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500, json={"code": "internal", "detail": HOSTILE[0] + HOSTILE[2]})


async def no_answer(_: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError


def hostile(real: httpx.AsyncBaseTransport) -> Answer:
    """The real bridge, whose strangers write hostile text."""

    async def answer(request: httpx.Request) -> httpx.Response:
        given = await real.handle_async_request(request)
        content = await given.aread()
        try:
            return httpx.Response(given.status_code, json=spoilt(json.loads(content)))
        except ValueError:
            return httpx.Response(given.status_code, content=content)

    return answer


async def test_what_the_palette_finds_is_shown_and_does_nothing(scene: Scene) -> None:
    """What it found is also written into its field when it is chosen, and its help is taken for markup."""
    found = 0
    async with seat(scene.desk, scene.owner, size=LARGE) as at:
        http = at.app.connection._http
        http._transport = httpx.MockTransport(hostile(http._transport))
        for lazily in NOUNS:
            noun = lazily()(at.app.screen)
            for hits in (noun.search("a"), *([noun.discover()] if isinstance(noun, Noun) else [])):
                async for hit in hits:
                    found += 1
                    said = Content.from_markup(hit.help or "")
                    assert not said.spans, hit.help
                    for shown in (str(hit.prompt), hit.text or "", said.plain):
                        assert len(shown) <= MOST
                        assert shown.isprintable(), repr(shown)
    assert found > 10


NONSENSE = (
    (page_of_a_proxy, "no JSON"),
    (another_shape, "makes no sense"),
    (not_even_an_object, "makes no sense"),
    (refused, "[@click=app.quit]x[/]"),
)
SAID = [each for each in VIEWS if each.name not in ASKS_WHEN_TOLD]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_what_comes_from_a_bridge_is_shown_and_does_nothing(view: View, scene: Scene) -> None:
    async with seat(scene.desk, scene.who(view.who), section=view.section, size=LARGE) as at:
        real = at.app.connection._http._transport
        at.app.connection._http._transport = httpx.MockTransport(hostile(real))
        await at.press("r")
        shown = at.text
        assert not at.app.screen.has_class("failed"), shown
        assert not any(bad in shown for bad in "\x1b\x07\x9b\u202e\u200b\ufeff"), view.name
        for row in range(2, 30, 9):
            await at.pilot.click(offset=(50, row))
        await at.settled()
        assert at.app.is_running


@pytest.mark.parametrize("who", sorted({view.who for view in SAID}))
async def test_a_bridge_that_makes_no_sense_is_told(who: str, scene: Scene) -> None:
    async with seat(scene.desk, scene.who(who), size=LARGE) as at:
        for view in SAID:
            if view.who == who:
                at.app.go(view.name)
                await at.settled()
                await _makes_no_sense(at, view.name)


async def _makes_no_sense(at: Seat, name: str) -> None:
    http = at.app.connection._http
    real = http._transport
    for answer, told in NONSENSE:
        http._transport = httpx.MockTransport(answer)
        await at.press("r")
        assert told in at.text, f"{name}, {answer.__name__}\n{at.text}"
        assert "\x1b" not in at.text
    http._transport = httpx.MockTransport(no_answer)
    await at.pilot.press("r", "down", "f2", "escape")
    assert at.app.is_running
    assert _link(at) == ASKING
    at.app.workers.cancel_group(at.app.screen, "load")
    http._transport = real
    await at.press("r")
    assert _link(at) == LINKED
    assert not at.app.screen.has_class("failed"), at.text


def _link(at: Seat) -> str:
    """What the bar tells of the bridge."""
    return str(at.app.screen.query_one("#bar-link", Line).content)
