"""All lists that somebody can read of themselves over the API, for the export: as the routes give them (S44, S49).

Contract. What one may not see over the API is not in the export either: the same functions answer. Members that name
other people are emptied (`REDACTED`).
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from bridge.api.access import Access
from bridge.api.pages import Page
from bridge.api.routes import (
    aliases,
    copies,
    devices,
    erasures,
    external_mailbox,
    identity,
    looks,
    notice_url,
    preferences,
    sent,
    sessions,
    tickets,
    transcript,
)
from storage.errors import NotFound

Whole = Callable[[Access], Awaitable[object]]
Paged = Callable[[Access, str | None, int], Awaitable[Page[Any]]]
LIMIT = 500
WHOLE: Mapping[str, Whole] = {
    "account": identity.me,
    "changes": identity.listing,
    "addresses": aliases.listing,
    "devices": devices.listing,
    "sessions": sessions.listing,
    "preferences": preferences.listing,
    "consents": preferences.agreed,
    "usage": copies.counted,
    "tickets": tickets.own,
    "erasures": erasures.of_account,
    "external-mailbox": external_mailbox.show,
    "notice-service": notice_url.show,
}
PAGED: Mapping[str, Paged] = {
    "preference-history": preferences.history,
    "documents": lambda access, after, limit: copies.listing(access, False, after, limit),
    "transcript": transcript.listing,
    "disclosures": sent.told,
    "looks": looks.listing,
    "sent": sent.listing,
}
REDACTED: Mapping[str, frozenset[str]] = {"looks": frozenset({"viewer_name"}), "sent": frozenset({"recipient"})}
"""Members that name other people, by list."""


async def whole(access: Access, name: str) -> bytes:
    """JSON of one; null where there is none."""
    try:
        found = await WHOLE[name](access)
    except NotFound:
        found = None
    return json.dumps(_plain(found), ensure_ascii=False, indent=1).encode()


async def paged(access: Access, name: str) -> AsyncIterator[bytes]:
    """A JSON list, a page at a time."""
    after, separator = None, b"[\n"
    while True:
        page = await PAGED[name](access, after, LIMIT)
        for item in page.items:
            yield separator + json.dumps(_shown(item, REDACTED.get(name, ())), ensure_ascii=False).encode()
            separator = b",\n"
        after = page.next
        if after is None:
            break
    yield (b"[" if separator == b"[\n" else b"") + b"\n]\n"


def _shown(item: BaseModel, redacted: Iterable[str]) -> dict[str, Any]:
    return item.model_dump(mode="json") | dict.fromkeys(redacted)


def _plain(found: object) -> object:
    if isinstance(found, list):
        return [_plain(each) for each in found]
    return found.model_dump(mode="json") if isinstance(found, BaseModel) else found
