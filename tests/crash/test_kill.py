"""R1: kill -9 at random moments under traffic; nothing acknowledged is lost, nothing is there twice after retries."""

import random
import time
from pathlib import Path

import pytest

from tests.crash.traffic import Traffic, check
from tests.running import PostOffice

KILLS = 50
ROUNDS = 4


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_kills_lose_and_double_nothing(seed: int, tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data")
    traffic = Traffic(office.sender, list(office.recipients))
    rng = random.Random(seed)
    traffic.start()
    for _ in range(KILLS):
        with office.start() as bridge:
            traffic.address = bridge.listeners["smtp-plain"]
            time.sleep(rng.uniform(0, 0.2))
            traffic.address = None
    with office.start() as bridge:
        traffic.address = bridge.listeners["smtp-plain"]
        traffic.finish()
        assert len(traffic.acknowledged) > KILLS
        check(traffic, bridge.listeners["imap-plain"], office.recipients)


def test_a_bridge_that_acknowledges_too_early_is_caught(tmp_path: Path) -> None:
    """The control: documents that were acknowledged and never stored do not pass the check."""
    office = PostOffice.create(tmp_path / "data", recipients=("anna",))
    traffic = Traffic(office.sender, ["anna"], acknowledged=["never-stored"])
    with office.start() as bridge, pytest.raises(AssertionError, match="1 acknowledged documents lost"):
        check(traffic, bridge.listeners["imap-plain"], office.recipients)
