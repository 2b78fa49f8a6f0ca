"""Commands of our own as processes: `postex … --json`, and what they answer."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from postex_tui.answers import Refusal

COMMAND = (sys.executable, "-m", "postex_tui.cli")


async def postex(data: Path, locale: str, *arguments: str) -> Mapping[str, Any]:
    """What the command answers; `Refusal` with its code and words in `locale`. What it prints goes to nobody else."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        "--data",
        str(data),
        "--json",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LC_ALL": f"{locale}.UTF-8", "PYTHONUTF8": "1"},
    )
    out, told = await process.communicate()
    answer = _parsed(out)
    if process.returncode == 0 and answer is not None:
        return answer
    error = (answer or {}).get("error") or {}
    last = (told.decode("utf-8", "replace").strip().splitlines() or [""])[-1]
    raise Refusal(str(error.get("code", "command-failed")), str(error.get("message", last)))


def _parsed(out: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(out)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
