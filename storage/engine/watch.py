"""A number that grows whenever certain rows change: what was read of them before holds for as long as it stays.

    watch = Watch({"account": ("UPDATE OF locale",), "consent": EVERY})
    watch.attach(session)            the connection that writes, when it is made
    watch.committed()                after each commit, before anybody hears of it

Contract. Temporary triggers see every change, whichever statement or cascade makes it; they are of the connection and
touch no file. A reader notes the number, reads, and keeps what it read under that number: what is committed meanwhile
has made it old. What was undone again may let the number grow all the same.
"""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from storage.engine import statements

EVERY = ("INSERT", "UPDATE", "DELETE")
_FUNCTION = "watched_row_changed"


class Watch:
    """Attached and told of commits in the writer's thread; `number` is read in any."""

    def __init__(self, changes: Mapping[str, Sequence[str]]) -> None:
        """`changes`: by table, the events of triggers."""
        self.number = 0
        self._changes = changes
        self._touched = False

    def attach(self, session: Session) -> None:
        statements.driver(session).create_function(_FUNCTION, 0, self._touch)
        for table, events in self._changes.items():
            for event in events:
                name = f"watch_{table}_{event.partition(' ')[0].lower()}"
                body = f"AFTER {event} ON main.{table} BEGIN SELECT {_FUNCTION}(); END"
                statements.run(session, f"CREATE TEMP TRIGGER {name} {body}")

    def committed(self) -> None:
        if self._touched:
            self._touched = False
            self.number += 1

    def _touch(self) -> None:
        self._touched = True
