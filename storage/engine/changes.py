"""What a write wants done once it is committed: changes told to live sessions, body files removed.

A function collects here while it runs; the writer empties the collection after the commit, or throws away what a
rolled-back function had put in. Nothing of an uncommitted write is ever seen outside.
"""

from dataclasses import dataclass, field

from sqlmodel import Session

from storage.records import Change

_KEY = "aftermath"


@dataclass(slots=True)
class Aftermath:
    """In the order the functions ran."""

    changes: list[Change] = field(default_factory=list)
    dropped_bodies: list[str] = field(default_factory=list)
    """Names of body files that no row mentions any longer."""

    def mark(self) -> tuple[int, int]:
        """Where the next function begins."""
        return len(self.changes), len(self.dropped_bodies)

    def forget_since(self, mark: tuple[int, int]) -> None:
        """Drop what was collected after `mark`: its savepoint was rolled back."""
        del self.changes[mark[0] :]
        del self.dropped_bodies[mark[1] :]


def aftermath(session: Session) -> Aftermath:
    """The collection of the running batch."""
    collected: Aftermath = session.info.setdefault(_KEY, Aftermath())
    return collected


def taken(session: Session) -> Aftermath:
    """Hand the collection over and begin a new one."""
    collected: Aftermath = session.info.pop(_KEY, None) or Aftermath()
    return collected


def announce(session: Session, change: Change) -> None:
    """Tell listeners of `change` after the commit, in commit order, before the caller's future resolves."""
    aftermath(session).changes.append(change)


def drop_body(session: Session, name: str) -> None:
    """Remove the body file after the commit; a crash in between leaves an orphan that the next start sweeps."""
    aftermath(session).dropped_bodies.append(name)
