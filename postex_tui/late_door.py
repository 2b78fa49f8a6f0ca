"""The way to a bridge whose data folder need not be there yet."""

import os
from collections.abc import Callable
from pathlib import Path

import httpx

from bridge.api.sockets import SOCKET


class LateDoor(httpx.AsyncBaseTransport):
    """`folder` is asked with each request. ConnectError while there is no such folder, or nobody answers."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._at: Path | None = None
        self._handle = -1
        self._way: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._way is None or self._at != self._folder():
            await self.aclose()
            self._way = self._opened(self._folder())
        return await self._way.handle_async_request(request)

    async def aclose(self) -> None:
        if self._way is not None:
            await self._way.aclose()
            os.close(self._handle)
            self._way = None

    def _opened(self, folder: Path) -> httpx.AsyncHTTPTransport:
        """By a handle: paths of sockets are short (108 octets)."""
        try:
            self._handle = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise httpx.ConnectError(str(error)) from None
        self._at = folder
        return httpx.AsyncHTTPTransport(uds=f"/proc/self/fd/{self._handle}/{SOCKET}")
