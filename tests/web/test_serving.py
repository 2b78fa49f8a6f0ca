"""Who may open a page's socket, how large a page may be, how many there are, what a page may load."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from postex_tui.web import serving
from postex_tui.web.serving import HIGHEST, WIDEST, Pages, within

TELLS_SIZE = """
import os, sys
sys.stdout.write("__GANGLION__\\n"); sys.stdout.flush()
def say(text):
    data = text.encode(); sys.stdout.buffer.write(b"D" + len(data).to_bytes(4, "big") + data); sys.stdout.flush()
say(os.environ["COLUMNS"] + " " + os.environ["ROWS"])
while head := sys.stdin.buffer.read(5):
    body = sys.stdin.buffer.read(int.from_bytes(head[1:], "big"))
    if b'"quit"' in body:
        break
    say(body.decode())
"""
"""A stand-in for the app that says how large it was told to be, and what else it is told."""


@asynccontextmanager
async def served(tmp_path: Path) -> AsyncIterator[tuple[Pages, str]]:
    import sys

    program = tmp_path / "app.py"
    program.write_text(TELLS_SIZE)
    pages = Pages([sys.executable, str(program)], "127.0.0.1", 1, None)
    async with TestServer(await pages._make_app()) as server:
        pages.public_url = str(server.make_url("")).rstrip("/")
        yield pages, pages.public_url


async def test_only_pages_of_this_site_open_the_app(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, url), aiohttp.ClientSession() as http:
        for origin in ({}, {"Origin": "http://evil.test"}, {"Origin": "null"}, {"Origin": f"{url}.evil.test"}):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(f"{url}/ws", headers=origin)
            assert refused.value.status == 403


async def test_a_page_is_as_large_as_a_page_can_be(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as (_, url),
        aiohttp.ClientSession(headers={"Origin": url}) as http,
        http.ws_connect(f"{url}/ws?width=1000000000&height=-1") as page,
    ):
        assert await page.receive_bytes() == f"{WIDEST} {HIGHEST}".encode()
        await page.send_json(["resize", {"width": 10**12, "height": 30}])
        assert json.loads(await page.receive_bytes()) == {"type": "resize", "width": WIDEST, "height": 30}


async def test_too_many_pages_are_refused_and_room_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "MOST_PAGES", 1)
    async with served(tmp_path) as (pages, url), aiohttp.ClientSession(headers={"Origin": url}) as http:
        async with http.ws_connect(f"{url}/ws") as page:
            await page.receive_bytes()
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(f"{url}/ws")
            assert refused.value.status == 503
        await asyncio.wait_for(pages._empty.wait(), 10)
        async with http.ws_connect(f"{url}/ws") as page:
            await page.receive_bytes()


async def test_a_page_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, url), aiohttp.ClientSession() as http:
        async with http.get(url) as answer:
            text = await answer.text()
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Cache-Control"] == "no-store"
        assert "googleapis" not in text
        for part in (
            "page/page.css",
            "page/page.js",
            "static/js/textual.js",
            "static/fonts/RobotoMono-VariableFont_wght.ttf",
        ):
            async with http.get(f"{url}/{part}") as answer:
                assert answer.status == 200, part
                assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    ("claimed", "taken"),
    [("80", 80), (0, 1), ("", 400), ("x", 400), ("١٢", 400), ("-5", 400), (10**30, 400), (True, 400)],
)
def test_sizes(claimed: object, taken: int) -> None:
    assert within(claimed, 400) == taken
