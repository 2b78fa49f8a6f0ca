"""A bridge that says 250 before it commits: the control of the kill test.

python -m tests.crash.early_bridge serve --data DATA --ready-json
"""

import sys
import time

from sqlmodel import Session

from postex_tui import cli
from storage.engine import changes, statements
from storage.engine.writer import Job, Writer

LATE_SECONDS = 0.05


def acknowledge_first(writer: Writer, first: Job) -> None:
    """A batch whose outcome is told, and only then committed."""
    ran: list[Job] = []
    session: Session = writer._begun()
    for job in writer._company(first):
        ran.append(job)
        writer._attempt(session, job)
    writer._publish(changes.taken(session), ran)
    time.sleep(LATE_SECONDS)
    statements.run(session, "COMMIT")


if __name__ == "__main__":
    Writer._batch = acknowledge_first  # type: ignore[method-assign]
    sys.exit(cli.main())
