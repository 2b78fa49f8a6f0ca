"""One item of the data inventory: what it is, why it is kept, who sees it, and whether it can be changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Tag(StrEnum):
    """Where an item comes from (S8)."""

    PROVIDED = "provided"
    OBSERVED = "observed"
    SENDER_SUPPLIED = "sender-supplied"


class Change(StrEnum):
    """What its owner can do about it (S41)."""

    EDIT = "edit"
    VIEW = "view"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Item:
    """Texts are marked and not translated yet. `columns`: names by table, separated by blanks."""

    name: str
    title: str
    tag: Tag
    columns: Mapping[str, str]
    purpose: str
    basis: str
    retention: str
    seen_by: str
    change: Change
    reason: str
    """Why so, or where."""
    place: str | None = None
    """Section of the app where it is changed."""
