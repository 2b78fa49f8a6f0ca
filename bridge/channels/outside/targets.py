"""Notice URLs of recipients: `messenger` run for one of them, with a time limit."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from bridge.channels.outside.messenger import Verdict, service_of
from bridge.settings import Settings

MODULE = "bridge.channels.outside.messenger"


@dataclass(frozen=True, slots=True)
class Targets:
    """How recipients' URLs are reached, by the settings."""

    seconds: float = 20.0
    """Then it is killed."""
    private: bool = False
    """Whether they may lead into private networks."""
    ca_file: str = ""
    """Certificates trusted instead of those that come with requests, PEM."""

    async def check(self, url: str) -> Verdict:
        """Whether a URL can be used; nothing is sent. NOT_NOW: it took too long."""
        return await self._run({"url": url})

    async def push(self, url: str, title: str, body: str) -> Verdict:
        """Hand a notice over."""
        return await self._run({"url": url, "title": title, "body": body})

    async def _run(self, wanted: dict[str, str]) -> Verdict:
        if service_of(wanted["url"]) is None:
            return Verdict.NO_SUCH_SERVICE
        environment = {"PATH": os.environ.get("PATH", "")}
        if self.ca_file:
            environment["REQUESTS_CA_BUNDLE"] = self.ca_file
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-m", MODULE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
        try:
            async with asyncio.timeout(self.seconds):
                await process.communicate(json.dumps({**wanted, "private": self.private}).encode())
        except TimeoutError:
            return Verdict.NOT_NOW
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Verdict(process.returncode) if process.returncode in set(Verdict) else Verdict.NOT_NOW


def of(data: Path, settings: Settings) -> Targets:
    """`data`: what relative files are relative to."""
    chosen = settings.notices
    ca_file = "" if chosen.target_ca_file is None else str(data / chosen.target_ca_file)
    return Targets(chosen.target_seconds, chosen.private_targets, ca_file)
