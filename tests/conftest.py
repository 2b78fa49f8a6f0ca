"""Settings of the machine's own bridge never reach a test; logging set up by one test never reaches the next."""

import gc
import logging
import os
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

LONG = (
    "test_tampered_rows.py",
    "test_matrix.py",
    "test_pictures.py",
    "test_strange_bridge.py",
    "test_first_run.py",
    "test_first_day.py",
    "test_browser.py",
)
"""They take half a minute or more; by their names some would come when the other workers have nothing left."""
SELDOM = (50_000, 20, 20)
"""Net allocations before the youngest are looked at; how often that before the next older are; then for the old."""

for name in [name for name in os.environ if name.startswith("POSTEX_")]:
    del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first, the others as they stand."""
    items.sort(key=lambda item: item.path.name not in LONG)


def pytest_collection_finish() -> None:
    """Python's collector of reference cycles leaves alone what was there before the first test: a third of the time
    of a test of the app went into looking at it again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command run in this process sets up the logs of the whole process."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        logging.captureWarnings(False)
        root.setLevel(level)
        root.handlers[:] = handlers
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
