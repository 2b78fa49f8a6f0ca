"""The log of the running bridge: the last lines that it wrote, newest first (S19; docs/logs.md).

They are what stands on standard error, redacted there: ids and counts, nothing of a document, no address, no secret.
"""

import logging
from collections.abc import Iterator
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathParameter

from bridge import logs
from bridge.api import pages
from bridge.api.access import Access, gate
from bridge.api.pages import After, Limit, Page
from bridge.api.policy import Action
from bridge.api.problems import locale_of, not_found
from bridge.api.schemas.service_log import ServiceLineOut
from bridge.i18n import text
from bridge.log_events import MEANINGS
from bridge.logs import OWN, Written

router = APIRouter(prefix="/v1", tags=["service log"])
Reading = Annotated[Access, Depends(gate(Action.SERVICE_LOG_READ))]
_NUMBERS = logging.getLevelNamesMapping()


@router.get("/service-log")
async def lines(
    request: Request,
    access: Reading,
    level: Annotated[
        str | None, Query(pattern="^(debug|info|warning|error|critical)$", description="The least.")
    ] = None,
    event: Annotated[str | None, Query(max_length=100, description="Its name, or how that begins.")] = None,
    newer: Annotated[int | None, Query(ge=0, lt=2**62, description="Than the line of this number.")] = None,
    after: After = None,
    limit: Limit = 50,
) -> Page[ServiceLineOut]:
    """The last lines since the bridge started, newest first."""
    cursor = pages.decode(after, [int])
    below = int(cursor[0]) if cursor else 2**63
    matching = (each for each in _since(newer) if each.number < below and _fits(each, level, event))
    found = list(islice(matching, limit + 1))
    rest = pages.encode((found[limit - 1].number,)) if len(found) > limit else None
    locale = locale_of(request)
    return Page(items=[_out(each, locale) for each in found[:limit]], next=rest)


@router.get("/service-log/{number}")
async def line(
    request: Request, access: Reading, number: Annotated[int, PathParameter(ge=0, lt=2**62)]
) -> ServiceLineOut:
    """One line, while it is kept."""
    for each in logs.recent.newest_first():
        if each.number == number:
            return _out(each, locale_of(request))
    raise not_found()


def _since(newer: int | None) -> Iterator[Written]:
    return (each for each in logs.recent.newest_first() if newer is None or each.number > newer)


def _fits(each: Written, level: str | None, event: str | None) -> bool:
    """Whether it is of that level at least, and of that event."""
    is_grave = level is None or _NUMBERS[str(each.content["level"]).upper()] >= _NUMBERS[level.upper()]
    return is_grave and (event is None or str(each.content["event"]).startswith(event))


def _out(each: Written, locale: str) -> ServiceLineOut:
    content, event = each.content, str(each.content["event"])
    return ServiceLineOut(
        number=each.number,
        timestamp=content["timestamp"],
        level=content["level"],
        logger=content["logger"],
        event=event,
        meaning=text(locale, MEANINGS[event]) if event in MEANINGS else None,
        fields={name: value for name, value in content.items() if name not in OWN},
    )
