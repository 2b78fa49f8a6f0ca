"""Composition in a process of its own, for one letter: what a hostile document does to it ends with it.

    python -I -m bridge.channels.paper.press        a JSON line and the message in; a JSON line and the PDF out

The process has no keys, no database and no network of ours; it is bounded in memory, processor time and files. What
comes back is read as JSON and bytes, never as objects.
"""

import asyncio
import json
import os
import resource
import sys
from dataclasses import asdict
from typing import Any

import structlog

from bridge.channels.paper.letter import Code, Composed, Letter, Limits, Sides
from storage.deliveries.terms import DocumentType

log = structlog.get_logger(__name__)

COMMAND = (sys.executable, "-I", "-m", "bridge.channels.paper.press")
SECONDS = 60
MEMORY = 1 << 30
"""Octets of address space."""
MOST_HEAD = 65_536


class Press:
    """Composes one letter at a time; others wait."""

    def __init__(self, limits: Limits | None = None, seconds: float = SECONDS) -> None:
        self._limits = limits or Limits()
        self._seconds = seconds
        self._place = asyncio.Semaphore(1)

    async def compose(self, message: bytes, letter: Letter) -> Composed:
        """Never raises on any message: what the process does not survive is a problem of the letter."""
        if len(message) > self._limits.octets:
            return Composed(b"", 0, (Code.SIZE,))
        head = json.dumps({"letter": asdict(letter), "limits": asdict(self._limits)}).encode() + b"\n"
        async with self._place:
            return await self._run(head + message)

    async def _run(self, task: bytes) -> Composed:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        )
        try:
            async with asyncio.timeout(self._seconds):
                out, _ = await process.communicate(task)
        except TimeoutError:
            return _failed(Code.TIME)
        finally:
            if process.returncode is None:
                process.kill()
                await asyncio.shield(process.wait())
        return _read(out, self._limits)


def _read(out: bytes, limits: Limits) -> Composed:
    line, _, pdf = out.partition(b"\n")
    try:
        head = json.loads(line[:MOST_HEAD])
        problems = tuple(Code(code) for code in head["problems"])
        pages = int(head["pages"])
    except (ValueError, KeyError, TypeError):
        return _failed(Code.FAULT)
    sound = pdf.startswith(b"%PDF-") and len(pdf) <= limits.octets and 0 < pages <= limits.pages
    composed = Composed(pdf, pages, problems)
    return composed if sound or composed.obstacle else _failed(Code.FAULT)


def _failed(code: Code) -> Composed:
    log.warning("paper.press_failed", problem=code)
    return Composed(b"", 0, (code,))


def main() -> None:
    """The process."""
    from bridge import process
    from bridge.channels.paper import composition

    process.forbid_core_dumps()
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (most, most))
    head = json.loads(sys.stdin.buffer.readline())
    composed = composition.compose(sys.stdin.buffer.read(), _letter(head["letter"]), Limits(**head["limits"]))
    answer = {"pages": composed.pages, "problems": composed.problems}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + composed.pdf)


def _letter(given: dict[str, Any]) -> Letter:
    given["lines"] = tuple(given["lines"])
    given["document_type"] = DocumentType(given["document_type"])
    given["sides"] = Sides(given["sides"])
    return Letter(**given)


if __name__ == "__main__":
    main()
