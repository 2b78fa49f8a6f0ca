"""The notice of who looked (D7): the list that its reader asked for, one line a look."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import ROLES, Notice, Words
from storage.records import Role

OPERATOR = N_("operator of the machine")
ITSELF = N_("the post office itself")
WHATS = {
    "account": N_("your account"),
    "addresses": N_("your addresses"),
    "changes": N_("changes of your particulars"),
    "devices": N_("your devices"),
    "preferences": N_("your preferences"),
    "deliveries": N_("your deliveries"),
    "sessions": N_("your sessions"),
    "log": N_("what happened in your account"),
    "break-glass.requested": N_("access to your mailbox was asked for"),
    "break-glass.approved": N_("access to your mailbox was approved by a second person"),
    "break-glass.opened": N_("your mailbox was opened"),
    "break-glass.signed-in": N_("your mailbox was read with that access"),
    "break-glass.revoked": N_("access to your mailbox was taken back"),
    "break-glass.used-for-reset": N_("access to your mailbox was used up for a reset of your account"),
    "break-glass.told": N_("you were told of an access to your mailbox"),
}
OTHER = N_("other data of yours ({what})")
LINE = N_("{at}: {what}, by: {viewer}")
MOST = 500
"""Lines of one message."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look."""

    at: int
    what: str
    role: str
    name: str | None


@dataclass(frozen=True, slots=True)
class WhoLooked(Notice):
    """The newest looks of all, newest first."""

    subject = N_("Who looked at your data")
    paragraphs = (
        N_("You asked on {at} who looked at your data. Looks found: {count}."),
        N_("Nobody but yourself did."),
        N_("There are older ones too. To see all: postex me looks"),
        N_(
            "Several looks of one person within an hour are listed once. Nobody sees your documents this way: only an"
            " access to your mailbox that two people agree on opens those, and its steps are listed here."
        ),
    )
    at: int
    seen: tuple[Seen, ...]
    cut: bool
    """Whether there are more."""

    def shown(self) -> tuple[str, ...]:
        found, nobody, older, explanation = self.paragraphs
        lines = tuple(f"{{line{number}}}" for number in range(len(self.seen)))
        return (found, *(lines or (nobody,)), *((older,) if self.cut else ()), explanation)

    def values(self, words: Words) -> Mapping[str, str]:
        lines = {f"line{number}": line for number, line in enumerate(self._lines(words))}
        return {"at": words.moment(self.at), "count": str(len(self.seen)), **lines}

    def _lines(self, words: Words) -> Iterator[str]:
        for each in self.seen:
            what = words(WHATS[each.what]) if each.what in WHATS else words(OTHER, what=each.what)
            role = role_in(words, each.role)
            viewer = f"{each.name} ({role})" if each.name else role
            yield words(LINE, at=words.moment(each.at), what=what, viewer=viewer)


def role_in(words: Words, role: str) -> str:
    """Of a person, of the operator, or of none of them."""
    if role == "operator":
        return words(OPERATOR)
    return words.role(Role(role)) if role in ROLES else words(ITSELF)
