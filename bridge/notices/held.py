"""The notice of what is held about somebody (S40): the list that its reader asked for, a paragraph an item."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Notice, Words

ITEM = N_("{title}: {value}. Why: {purpose} Kept: {retention}.")
EMPTY = N_("nothing")


@dataclass(frozen=True, slots=True)
class Line:
    """One item, in the reader's language."""

    title: str
    value: str
    purpose: str
    retention: str


@dataclass(frozen=True, slots=True)
class WhatWeHold(Notice):
    """All items of the inventory."""

    subject = N_("What we hold about you")
    paragraphs = (
        N_("You asked on {at} what this post office holds about you."),
        N_("Numbers stand for how many there are. You find all of it, and how to change it, in the app."),
    )
    at: int
    lines: tuple[Line, ...]

    def shown(self) -> tuple[str, ...]:
        first, last = self.paragraphs
        return (first, *(f"{{line{number}}}" for number in range(len(self.lines))), last)

    def values(self, words: Words) -> Mapping[str, str]:
        told = {f"line{number}": _told(line, words) for number, line in enumerate(self.lines)}
        return {"at": words.moment(self.at), **told}


def _told(line: Line, words: Words) -> str:
    value = line.value or words(EMPTY)
    return words(ITEM, title=line.title, value=value, purpose=line.purpose, retention=line.retention)
