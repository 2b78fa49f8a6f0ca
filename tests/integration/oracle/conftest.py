"""The two servers that every oracle test plays against, started once, with an account of its own for each test."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest

from bench.servers.base import Login, Server
from tests.integration import peers

ACCOUNTS = 200


@dataclass(slots=True)
class Stage:
    """Both servers; `account()` gives a sign-in that nobody has used, as (ours, oracle)."""

    ours: Server
    oracle: Server
    numbers: Iterator[int]

    def account(self) -> tuple[Login, Login]:
        number = next(self.numbers)
        return self.ours.login(number), self.oracle.login(number)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    if reason := peers.dovecot_missing():
        pytest.skip(f"no oracle: {reason}")
    with peers.dovecot(0) as oracle, peers.postex(ACCOUNTS) as ours:
        yield Stage(ours, oracle, count())
