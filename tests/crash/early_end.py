"""Opens a data folder and is gone (SIGKILL) right before the n-th statement that the writing connection runs.

python -m tests.crash.early_end DATA N        prints how many statements there were, if N is never reached
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from storage.engine import connections
from tests import stores


def main(data: Path, last: int) -> int:
    """Count the statements; die before number `last`."""
    seen = 0
    connect = connections._connect

    def count(_statement: str) -> None:
        nonlocal seen
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(path: Path, key: bytes, read_only: bool, mode: str = "rwc") -> Any:
        driver = connect(path, key, read_only, mode)
        if not read_only:
            driver.set_trace_callback(count)
        return driver

    connections._connect = traced
    stores.opened(data).close()
    return seen


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), int(sys.argv[2])))
