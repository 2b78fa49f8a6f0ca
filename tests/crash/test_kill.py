"""R1: kill -9 at random moments under traffic; nothing acknowledged is lost, nothing is there twice after retries."""

import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.crash.traffic import Traffic, check
from tests.running import COMMAND, PostOffice

KILLS = int(os.environ.get("SOAK_KILLS", "20"))
"""In each of four rounds; `make soak` does fifty."""
ROUNDS = 4
WORKERS_READY = 0.5
"""Seconds until worker processes prepare the hand-ins."""
EARLY = [sys.executable, "-m", "tests.crash.early_bridge"]


def kill_again_and_again(office: PostOffice, kills: int, seed: int, command: Sequence[str] = COMMAND) -> None:
    """Traffic over `kills` lives of the bridge, each up to 200 ms long, and one that lasts; then the count.

    Every other life goes on for half a second, in which worker processes take over from the bridge.
    """
    traffic, rng = Traffic(office.sender, list(office.recipients)), random.Random(seed)
    traffic.start()
    for life in range(kills):
        with office.start(command=command) as bridge:
            traffic.address = bridge.listeners["smtp-plain"]
            time.sleep(rng.uniform(0, 0.2) + WORKERS_READY * (life % 2))
            traffic.address = None
    with office.start() as bridge:
        traffic.address = bridge.listeners["smtp-plain"]
        traffic.go_on(until=5 * kills)
        traffic.finish()
        check(traffic, bridge.listeners["imap-plain"], office.recipients)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_kills_lose_and_double_nothing(seed: int, tmp_path: Path) -> None:
    kill_again_and_again(PostOffice.create(tmp_path / "data"), KILLS, seed)


def test_a_bridge_that_acknowledges_before_it_commits_is_caught(tmp_path: Path) -> None:
    """The control."""
    office = PostOffice.create(tmp_path / "data", recipients=("anna",))
    with pytest.raises(AssertionError, match="acknowledged documents lost"):
        kill_again_and_again(office, 6, 0, EARLY)
