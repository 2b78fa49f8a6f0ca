"""Live events as a stream (text/event-stream), for the terminal app and for scripts that watch."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from bridge.api.access import Access, gate
from bridge.api.control import Stream
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.watching import Kind, Watch
from bridge.i18n import N_

router = APIRouter(prefix="/v1", tags=["events"])

MOST = 16
"""Streams at once; each takes a place among the connections of the control socket."""
MOST_EACH = 4
"""Of one account: nobody takes the places of all."""


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(
    access: Annotated[Access, Depends(gate(Action.EVENTS_WATCH))],
    kinds: Annotated[list[Kind] | None, Query(alias="kind", description="All, if none is named.")] = None,
) -> StreamingResponse:
    """What happens from now on, as far as the asker may see it, until the session ends.

    Events `sessions`, `arrivals`, `audit`, `outbox`; `lagged` if the reader was too slow; `end` with the reason.
    """
    watching = access.control.watching
    own = sum(each.account_id == access.signed_in.id for each in watching)
    if len(watching) >= MOST or own >= MOST_EACH:
        message = N_("Too many streams of events are open. Close one, then try again.")
        raise Problem("too-many-streams", 503, message, extra={"retry_after": 10})
    watch = Watch(access, frozenset(kinds or Kind))
    return StreamingResponse(
        _told(watch, watching), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _told(watch: Watch, watching: set[Stream]) -> AsyncIterator[bytes]:
    watching.add(watch)
    try:
        async for each in watch.frames():
            yield each
    finally:
        watching.discard(watch)
