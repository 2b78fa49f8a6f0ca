"""Writes that the session which makes them does not wait for, and the way to wait for them after all.

Contract. `post` queues a write for a session; an error of it only reaches the log. `settle` returns once all that
sessions of an account posted is committed, or refused: one writer carries out all writes in their order, and an empty
one at the end of them tells. So no command of any session misses what another was told is done.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Concatenate, ParamSpec

from sqlmodel import Session

from storage.database import Store
from storage.errors import StorageError

P = ParamSpec("P")


@dataclass(slots=True, eq=False)
class _Unsettled:
    """What an account posted last."""

    poster: object | None
    """The session that posted all of it; None: there are several."""


class Posting:
    """See the module's contract; one per server."""

    __slots__ = ("_store", "_unsettled")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._unsettled: dict[int, _Unsettled] = {}
        """By id of the account."""

    def post(
        self,
        poster: object,
        account_id: int,
        function: Callable[Concatenate[Session, P], object],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        self._store.post(function, *args, **kwargs)
        before = self._unsettled.get(account_id)
        alone = before is None or before.poster is poster
        self._unsettled[account_id] = _Unsettled(poster if alone else None)

    async def settle(self, account_id: int, knows_own: object = None) -> None:
        """`knows_own`: a session that need not wait for what it posted itself."""
        last = self._unsettled.get(account_id)
        if last is None or (knows_own is not None and last.poster is knows_own):
            return
        with suppress(StorageError):
            await self._store.write(_nothing)
        if self._unsettled.get(account_id) is last:
            del self._unsettled[account_id]


def _nothing(session: Session) -> None:
    """A write whose place in the queue is all that matters."""
