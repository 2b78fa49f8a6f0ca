"""Debian's Chromium, driven over its DevTools protocol: keys as a person presses them, what the page gets, pictures.

Contract. Every wait ends: with what was waited for, or with an error after `SECONDS`.
"""

import asyncio
import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

SECONDS = 30.0
QUIET = 0.25
"""Seconds without a change on the screen, after which it is drawn."""
PROGRAM = shutil.which("chromium")
_KEYS = {
    "enter": ("Enter", 13, "\r"),
    "tab": ("Tab", 9, ""),
    "escape": ("Escape", 27, ""),
    "down": ("ArrowDown", 40, ""),
    "end": ("End", 35, ""),
}
_KEYS |= {f"f{number}": (f"F{number}", 111 + number, "") for number in range(1, 6)}
_CONTROLS = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")


class Page:
    """A page of the browser and the socket that its app writes to."""

    def __init__(self, http: aiohttp.ClientWebSocketResponse) -> None:
        self._http, self._asked = http, 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.received = bytearray()
        self.requested: list[str] = []
        self.errors: list[str] = []
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Takes what the browser tells, until it closes."""
        async for message in self._http:
            told = json.loads(message.data)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            else:
                self._told(told["method"], told["params"])

    def _told(self, method: str, values: dict[str, Any]) -> None:
        match method:
            case "Network.webSocketFrameReceived" if values["response"]["opcode"] == 2:
                self.received += base64.b64decode(values["response"]["payloadData"])
                self._news.set()
            case "Network.requestWillBeSent":
                self.requested.append(values["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(values)[:600])
            case "Log.entryAdded" if values["entry"]["level"] == "error":
                self.errors.append(values["entry"]["text"])

    async def ask(self, method: str, **values: object) -> dict[str, Any]:
        self._asked += 1
        answer = self._answers[self._asked] = asyncio.get_running_loop().create_future()
        await self._http.send_json({"id": self._asked, "method": method, "params": values})
        told = await asyncio.wait_for(answer, SECONDS)
        assert "error" not in told, f"{method}: {told}"
        result: dict[str, Any] = told["result"]
        return result

    async def go(self, url: str) -> None:
        for domain in ("Network", "Page", "Runtime", "Log"):
            await self.ask(f"{domain}.enable")
        await self.ask("Emulation.setFocusEmulationEnabled", enabled=True)
        await self.ask("Page.navigate", url=url)

    async def type(self, text: str) -> None:
        """One key after the other."""
        for letter in text:
            await self.ask("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
            await self.ask("Input.dispatchKeyEvent", type="keyUp", key=letter)

    async def press(self, *names: str) -> None:
        """Keys of `_KEYS` and letters, one after the other, each once the one before has done its work."""
        for name in names:
            key, code, text = _KEYS.get(name, (name, ord(name[0].upper()), name))
            pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
            await self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **pressed)
            await self.ask("Input.dispatchKeyEvent", type="keyUp", **pressed)
            await self.quiet()

    async def quiet(self) -> None:
        """Until what was pressed has been drawn."""
        while True:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), QUIET)
            except TimeoutError:
                return

    def forget(self) -> None:
        """What comes from now on is what `seen` looks at."""
        self.received.clear()

    async def seen(self, words: str) -> None:
        """Until the app has drawn these words."""

        async def drawn() -> None:
            while words not in _CONTROLS.sub(b"", bytes(self.received)).decode("utf-8", "replace"):
                self._news.clear()
                await self._news.wait()

        try:
            await asyncio.wait_for(drawn(), SECONDS)
        except TimeoutError:
            shown = _CONTROLS.sub(b" ", bytes(self.received)).decode("utf-8", "replace")[-3000:]
            raise AssertionError(f"{words!r} was not drawn; {self.errors}; {shown}") from None

    async def picture(self, to: Path) -> bytes:
        """A PNG of the page."""
        taken = base64.b64decode((await self.ask("Page.captureScreenshot", format="png"))["data"])
        await asyncio.to_thread(to.write_bytes, taken)
        return taken

    async def download_to(self, folder: Path) -> None:
        """What the page gives to keep."""
        await self.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))


@asynccontextmanager
async def opened(folder: Path, width: int = 1280, height: int = 800) -> AsyncIterator[Page]:
    """A browser with nothing kept from before; `folder` is its own."""
    assert PROGRAM is not None
    # No sandbox: root may not have one, and only our own pages are opened.
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    command = [PROGRAM, *options, "--remote-debugging-port=0", f"--user-data-dir={folder}"]
    browser = subprocess.Popen(  # noqa: ASYNC220 - it only starts it
        [*command, f"--window-size={width},{height}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = await asyncio.to_thread(_port, folder / "DevToolsActivePort")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as listed:
                (page,) = [each for each in await listed.json() if each["type"] == "page"]
            async with (
                session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as http,
                asyncio.TaskGroup() as tasks,
            ):
                made = Page(http)
                listening = tasks.create_task(made.listen())
                yield made
                listening.cancel()
    finally:
        browser.terminate()
        await asyncio.to_thread(browser.wait, 10)


def downloaded(file: Path) -> Path:
    """Once it is there: until it is whole it has another name."""
    until = time.monotonic() + SECONDS
    while not file.exists():
        assert time.monotonic() < until, list(file.parent.glob("*"))
        time.sleep(0.05)
    return file


def _port(told: Path) -> int:
    """Where the browser listens, once it has written that down."""
    until = time.monotonic() + SECONDS
    while not told.exists() or "\n" not in told.read_text("ascii"):
        assert time.monotonic() < until, "the browser did not start"
        time.sleep(0.05)
    return int(told.read_text("ascii").split("\n")[0])
