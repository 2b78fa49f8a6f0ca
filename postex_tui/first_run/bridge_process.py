"""The bridge as a process of its own, which outlives the app; and what it said if it did not start."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bridge.i18n import N_
from bridge.process import LOG
from postex_tui.answers import Refusal
from postex_tui.connection import Connection, Unreachable
from postex_tui.first_run.commands import COMMAND

PAUSE, SECONDS = 0.2, 60.0
"""Between two looks whether it answers, and how long one looks."""
WORDS = "postex: "
"""Before what the program says to people, among the lines of its log."""
LINES = 4
NOT_STARTED = N_("The bridge did not start. It says: {words}")
NO_ANSWER = N_("The bridge was started, but does not answer. Its log is {log}.")


@dataclass(frozen=True, slots=True)
class Started:
    pid: int
    log: Path
    begin: int
    """Where in the log this start begins."""

    def has_ended(self) -> bool:
        with suppress(ChildProcessError):
            return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
        return True

    def last_words(self) -> str:
        """What it said to people; if that is nothing, the end of its log."""
        with self.log.open("rb") as file:
            file.seek(self.begin)
            lines = file.read().decode("utf-8", "replace").splitlines()
        told = [line.removeprefix(WORDS) for line in lines if line.startswith(WORDS)]
        return "\n".join((told or lines)[-LINES:])


def start(data: Path) -> Started:
    """In a session of its own, so that neither Ctrl-C nor the end of the terminal reaches it. OSError."""
    log = data / LOG
    command = [*COMMAND, "serve", "--data", str(data)]
    actions = (
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    )
    begin = log.stat().st_size if log.exists() else 0
    return Started(os.posix_spawn(command[0], command, os.environ, file_actions=actions, setsid=True), log, begin)


async def until_it_answers(connection: Connection, started: Started, say: Callable[..., str]) -> None:
    """`Refusal` with what it said if it ended, or does not answer in time."""
    for _ in range(int(SECONDS / PAUSE)):
        with suppress(Unreachable):
            await connection.get("/health")
            return
        if started.has_ended():
            words = await asyncio.to_thread(started.last_words)
            raise Refusal("bridge-ended", say(NOT_STARTED, words=words))
        await asyncio.sleep(PAUSE)
    raise Refusal("no-answer", say(NO_ANSWER, log=started.log))
