"""A process that erases one account in a data folder, made to be killed at any moment.

python -m tests.crash.erasure_driver DATA EMAIL     prints `ready`, waits for a line, erases: `begun`, `done`
"""

import sys
import time
from pathlib import Path

from storage.erasures import erasing, erasure
from storage.people import accounts
from tests import stores


def main(data: Path, email: str) -> None:
    with stores.opened(data) as store:
        account = store.read_now(accounts.by_email, email)
        print("ready", flush=True)
        sys.stdin.readline()
        begun = store.write_now(erasure.begin, account.id, by=None, now=int(time.time()))
        print("begun", flush=True)
        erasing.carry_out(store, begun.id, int(time.time()))
        print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
