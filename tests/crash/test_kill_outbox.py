"""The outbox killed at any step of any attempt: nothing is lost, nothing is done twice, what was done is noted.

A child carries out forty jobs with a carrier that keeps the rules: it notes before it acts, and looks whether it has
acted before it does so again. It says each step on its output; the parent kills it at a step of its choice.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

from bridge.channels.outbox import Done, Outbox, Outcome, Task
from storage.deliveries import jobs
from storage.deliveries.terms import JobKind, NewJob
from storage.engine import statements
from storage.keys.outbox import OutboxKey
from tests import stores
from tests.warm import Warm

KILLS = int(os.environ.get("SOAK_OUTBOX_KILLS", "4"))
JOBS = 40
NOW = 1_760_000_000


class Notebook:
    """Acts by a line in a file, durable at once."""

    kind = JobKind.PAPER

    def __init__(self, file: Path) -> None:
        self._file = file

    async def carry(self, task: Task) -> Outcome:
        self._say("begun")
        if task.job.step == "acting" and task.job.key in self._file.read_text().split():
            self._say("found")
            return Done()
        await task.note("acting")
        self._say("noted")
        with self._file.open("a") as out:
            out.write(f"{task.job.key}\n")
            out.flush()
            os.fsync(out.fileno())
        self._say("acted")
        return Done()

    def _say(self, step: str) -> None:
        print(step, flush=True)


async def child(data: Path, file: Path) -> None:
    """Until nothing waits; then it says so."""
    store = stores.opened(data)
    worker = Outbox(store, lambda: float(NOW), (Notebook(file),), lambda: 0.0)
    while await worker.turn():
        pass
    print("empty", flush=True)
    await store.aclose()


def prepared(data: Path) -> list[str]:
    """A store with the jobs in it; their keys."""
    keys = [f"job-{number}" for number in range(JOBS)]
    with stores.new(data) as store:
        public = OutboxKey.of(store.server_keys.outbox).public_key
        for key in keys:
            store.write_now(jobs.queue, public, NewJob(JobKind.PAPER, key, NOW, b"payload"), NOW)
    return keys


def run(data: Path, file: Path, kill_after: int | None) -> list[str]:
    """The steps that the child said; it is killed right after one of them, or left to end."""
    said: list[str] = []
    command = [sys.executable, "-m", "tests.crash.test_kill_outbox", str(data), str(file)]
    with Warm(command) as process:
        for line in process.stdout:
            said.append(line.strip())
            if kill_after is not None and len(said) >= kill_after:
                process.kill()
                break
    return said


def test_killed_at_any_step_each_job_is_done_once(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "notebook"
    keys = prepared(data)
    file.touch()
    rng = random.Random(4)
    for _ in range(KILLS):
        run(data, file, rng.randint(1, 3 * JOBS // max(KILLS, 1)))
        done = file.read_text().split()
        assert len(done) == len(set(done)), "nothing twice"
    assert run(data, file, None)[-1] == "empty"
    assert sorted(file.read_text().split()) == sorted(keys)
    with stores.opened(data) as store:
        assert store.read_now(statements.rows, "SELECT count(*) FROM job") == [(0,)]


if __name__ == "__main__":
    asyncio.run(child(Path(sys.argv[1]), Path(sys.argv[2])))
