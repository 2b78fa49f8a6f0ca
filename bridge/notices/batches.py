"""Notices to senders about their batches."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Notice, Words

MOST = 200
"""Lines of one kind in one message."""


@dataclass(frozen=True, slots=True)
class BatchCommitted(Notice):
    subject = N_("Batch {name}: committed")
    paragraphs = (
        N_("Your manifest of the batch {name} agrees with what was received: {count} documents are handed over now."),
    )
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class BatchDisagrees(Notice):
    """`missing` and `unexpected`: lines of the manifest, and documents that none of its lines is about."""

    subject = N_("Batch {name}: nothing was committed")
    paragraphs = (
        N_(
            "Your manifest of the batch {name} does not agree with what was received, so nothing was committed. It"
            " counts {declared} and has {listed} lines; {received} were received."
        ),
        N_("In the manifest, but not received: {missing_count}."),
        N_("Received, but not in the manifest: {unexpected_count}."),
        N_(
            "Hand in what is missing and send the manifest again, or cancel the batch: postex sender batch cancel"
            " {name}"
        ),
    )
    name: str
    declared: int | None
    listed: int
    received: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    def shown(self) -> tuple[str, ...]:
        opening, missing, unexpected, closing = self.paragraphs
        found = [opening]
        for heading, name, lines in (
            (missing, "missing", self.missing),
            (unexpected, "unexpected", self.unexpected),
        ):
            if lines:
                found += [heading, *(f"{{{name}{number}}}" for number in range(min(len(lines), MOST)))]
        return (*found, closing)

    def values(self, words: Words) -> Mapping[str, str]:
        lines = {f"missing{number}": line for number, line in enumerate(self.missing[:MOST])}
        lines |= {f"unexpected{number}": line for number, line in enumerate(self.unexpected[:MOST])}
        return {
            "name": self.name,
            "declared": "?" if self.declared is None else str(self.declared),
            "listed": str(self.listed),
            "received": str(self.received),
            "missing_count": str(len(self.missing)),
            "unexpected_count": str(len(self.unexpected)),
            **lines,
        }


@dataclass(frozen=True, slots=True)
class BatchWaits(Notice):
    subject = N_("Batch {name} still waits for you")
    paragraphs = (
        N_("Since {since} {count} documents of the batch {name} are held: no recipient sees them before you commit."),
        N_(
            "Commit it with a manifest, or with: postex sender batch commit {name} --count {count}. On {until} it is"
            " cancelled."
        ),
    )
    name: str
    count: int
    since: int
    until: int

    def values(self, words: Words) -> Mapping[str, str]:
        since, until = words.moment(self.since), words.moment(self.until)
        return {"name": self.name, "count": str(self.count), "since": since, "until": until}


@dataclass(frozen=True, slots=True)
class BatchCancelled(Notice):
    subject = N_("Batch {name}: cancelled")
    paragraphs = (
        N_(
            "The batch {name} was not committed in time. Its {count} documents were dropped; no recipient has seen"
            " them. You can hand them in again under another name."
        ),
    )
    name: str
    count: int
