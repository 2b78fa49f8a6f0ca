"""Writes of a session that nobody waits for, and the way to wait for them after all.

Contract. `post` queues a write; an error of it only reaches the log. `settle` returns once everything posted is
committed, or refused: one writer carries out all writes in their order, and an empty one at the end of them tells.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Concatenate, ParamSpec

from sqlmodel import Session

from storage.database import Store
from storage.errors import StorageError

P = ParamSpec("P")


class Posting:
    """See the module's contract; one per session."""

    __slots__ = ("_store", "_unsettled")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unsettled = False

    def post(self, function: Callable[Concatenate[Session, P], object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        self._store.post(function, *args, **kwargs)
        self._unsettled = True

    async def settle(self) -> None:
        if self._unsettled:
            self._unsettled = False
            with suppress(StorageError):
                await self._store.write(_nothing)


def _nothing(session: Session) -> None:
    """A write whose place in the queue is all that matters."""
