"""One running bridge for all tests here; each test has a recipient of its own, who has no documents yet."""

import imaplib
import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.integration.choosing.office import Choosers

READERS = 40
SENDERS = 3


@pytest.fixture(scope="session")
def next_choosers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Choosers]]:
    made = Choosers.made(tmp_path_factory.mktemp("choosing") / "data", READERS, SENDERS)
    names = itertools.count()
    with made.office.start() as running:
        made.bridge = running
        yield lambda: made.of(f"reader{next(names)}")
        assert running.stop() == 0, running.log.read_text()


@pytest.fixture
def choosers(next_choosers: Callable[[], Choosers]) -> Choosers:
    return next_choosers()


@pytest.fixture
def client(choosers: Choosers) -> Iterator[imaplib.IMAP4_SSL]:
    with choosers.imap() as signed_in:
        yield signed_in
