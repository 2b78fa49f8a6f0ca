"""Who is signed in at the app, and what the API gave them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in."""

    account: str
    email: str
    roles: frozenset[str]
    reach: Mapping[str, str]
    """How far each action reaches: self, domain, all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API gave; to tell from a question that was cancelled."""

    content: Any
