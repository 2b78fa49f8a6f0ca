"""Large answers of the control API, written to a file while they come: nothing of them stays in memory."""

import asyncio
from collections.abc import Callable, Mapping
from typing import BinaryIO

import httpx

from postex_tui.replies import answered

SECONDS = 60.0
"""How long the next piece may take."""


async def download(
    http: httpx.AsyncClient,
    path: str,
    body: Mapping[str, object],
    file: BinaryIO,
    told: Callable[[int], None],
    headers: Mapping[str, str] | None = None,
) -> None:
    """`told`: how many bytes came. `Refusal` for a problem; httpx.TransportError where it was cut before its end."""
    asked = http.stream("POST", path, json=body, headers=headers, timeout=SECONDS)
    came = 0
    async with asked as response:
        if not response.is_success:
            await response.aread()
            answered(response)
        async for piece in response.aiter_bytes():
            await asyncio.to_thread(file.write, piece)
            came += len(piece)
            told(came)
