"""Who may open a page's socket, how large a page may be, how many there are, what a page may load."""

import asyncio
import json
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bridge import tls
from postex_tui.web import visitors
from postex_tui.web.serving import HIGHEST, WIDEST, Pages, within
from postex_tui.web.visitors import visitor
from tests.running import COMMAND
from tests.warm import run
from tests.web import tls_proxy

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
    if body == b"die":
        os._exit(1)
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


async def test_a_page_is_told_when_its_app_dies(tmp_path: Path) -> None:
    async with (
        served(tmp_path) as (pages, url),
        aiohttp.ClientSession(headers={"Origin": url}) as http,
        http.ws_connect(f"{url}/ws") as page,
    ):
        await page.receive_bytes()
        await page.send_json(["stdin", "die"])
        assert (await page.receive(10)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        await asyncio.wait_for(pages._empty.wait(), 10)


async def test_behind_a_tls_proxy(tmp_path: Path) -> None:
    tls.create_self_signed(tmp_path / "cert.pem", tmp_path / "key.pem", "localhost", time.time())
    trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    async with served(tmp_path) as (pages, inside), tls_proxy.serving(inside, "/post", tmp_path) as outside:
        pages.public_url = outside
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust, force_close=True)) as http:
            async with http.get(f"{outside}/") as answer:
                text = await answer.text()
            for part in re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', text):
                async with http.get(urljoin(f"{outside}/", part)) as answer:
                    assert answer.status == 200, part
            (socket,) = re.findall(r'"(wss://[^"]+)"', text)
            async with http.ws_connect(socket, headers={"Origin": outside.removesuffix("/post")}) as page:
                assert await page.receive_bytes() == b"80 24"
            for origin in (inside, "https://evil.test"):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await http.ws_connect(socket, headers={"Origin": origin})
                assert refused.value.status == 403


@pytest.mark.parametrize("url", ["post.example.org", "ftp://post.example.org", "https://", "https://x:99999", ""])
def test_a_public_address_that_is_none_is_refused(url: str, tmp_path: Path) -> None:
    done = run([*COMMAND, "web", "--data", tmp_path, "--public-url", url])
    assert (done.returncode, done.stdout) == (2, "")
    assert "is no address of the web; write it like https://post.example.org" in done.stderr


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run([*COMMAND, "web", "--socket", tmp_path / "door.sock", "--port", str(taken.getsockname()[1])])
    assert done.returncode == 1
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


async def test_too_many_pages_are_refused_and_room_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "MOST_PAGES", 1)
    async with served(tmp_path) as (pages, url), aiohttp.ClientSession(headers={"Origin": url}) as http:
        async with http.ws_connect(f"{url}/ws") as page:
            await page.receive_bytes()
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(f"{url}/ws")
            assert refused.value.status == 503
        await asyncio.wait_for(pages._empty.wait(), 10)
        async with http.ws_connect(f"{url}/ws") as page:
            await page.receive_bytes()


async def test_one_visitor_leaves_pages_for_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "MOST_EACH", 1)

    def by(address: str) -> dict[str, str]:
        return {"Origin": url, "X-Forwarded-For": f"192.0.2.9, {address}"}

    async with served(tmp_path) as (_, url), aiohttp.ClientSession() as http:
        first = await http.ws_connect(f"{url}/ws", headers=by("2001:db8::1"))
        await first.receive_bytes()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(f"{url}/ws", headers=by("2001:db8::2"))
        assert refused.value.status == 503
        other = await http.ws_connect(f"{url}/ws", headers=by("198.51.100.7"))
        await other.receive_bytes()
        await asyncio.gather(first.close(), other.close())


@pytest.mark.parametrize(
    ("remote", "forwarded", "who"),
    [
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::1", "10.9.9.9, 2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:127.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "", None),
        ("127.0.0.1", "[@click=x]", None),
        ("203.0.113.5", "198.51.100.7", "203.0.113.5"),
        (None, "198.51.100.7", None),
    ],
)
def test_who_a_visitor_is(remote: str | None, forwarded: str, who: str | None) -> None:
    assert visitor(remote, forwarded) == who


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
