"""The reminder of an unread document for a recipient whom no notice can reach outside the mailbox (D3)."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Notice, Words


@dataclass(frozen=True, slots=True)
class StillUnread(Notice):
    """It names no document: the type and the day are enough to find it."""

    subject = N_("A document is still unread")
    paragraphs = (
        N_("On {came} a document came to you that you have not opened yet."),
        N_("If it stays unread, it goes on as you or your domain chose: the next step is on {next}."),
        N_("To stop that, open it in your mailbox."),
        N_("What your preferences are: postex preference list"),
    )
    came: int
    next_at: int | None

    def shown(self) -> tuple[str, ...]:
        came, then, stop, preferences = self.paragraphs
        return (came, preferences) if self.next_at is None else (came, then, stop, preferences)

    def values(self, words: Words) -> Mapping[str, str]:
        return {"came": words.moment(self.came), "next": words.moment(self.next_at or 0)}
