"""Long lists in pages: a cursor says after which item to go on, so that pages stay right while the list changes.

A cursor is the sort values of the last item, as base64 of JSON: opaque to clients, checked when it comes back. It
gives no right: what it points at is found again under the reader's own reach.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from bridge.api.problems import Problem
from bridge.i18n import N_

T = TypeVar("T")
Key = tuple[str | int, ...]
LARGEST = 500
After = Annotated[str | None, Query(max_length=2000, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=LARGEST, description="Most items in the page.")]


class Page(BaseModel, Generic[T]):
    """Some items, and where to go on; `next` is null on the last page."""

    items: list[T]
    next: str | None = None


def encode(key: Key) -> str:
    return urlsafe_b64encode(json.dumps(key, ensure_ascii=False, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(after: str | None, kinds: Sequence[type]) -> Key | None:
    """The key whose values are of `kinds`; Problem if it is not one of ours."""
    if after is None:
        return None
    try:
        values = json.loads(urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds) or _too_large(values):
        message = N_("The cursor is not one that this bridge gave. Begin again at the first page.")
        raise Problem("invalid-cursor", 422, message)
    return tuple(values)


def _too_large(values: list[object]) -> bool:
    return any(isinstance(value, int) and abs(value) >= 2**63 for value in values)
