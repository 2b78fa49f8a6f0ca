"""Settings of the machine's own bridge never reach a test; logging set up by one test never reaches the next."""

import logging
import os
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

LONG = ("test_tampered_rows.py", "test_matrix.py")
"""They take a worker half a minute; by their names they would come when the others have nothing left to do."""

for name in [name for name in os.environ if name.startswith("POSTEX_")]:
    del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first, the others as they stand."""
    items.sort(key=lambda item: item.path.name not in LONG)


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
