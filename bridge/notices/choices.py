"""What Postex answers to choices made in a mail program: confirmed, taken back, or not understood (D2, S42, S78)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.mail.writing import flat
from bridge.notices.rendering import Notice, Words
from bridge.routing.decision import Code
from bridge.routing.explaining import CHANNELS, CODES, TYPES
from storage.deliveries.terms import LEAVES, Channel, DocumentType

MOST_LINES = 200
HOW = N_(
    "Answer this message, or write to {address} as an answer to a message of the sender, with one of these words"
    " alone: paper, e-mail, mailbox, refuse, undo. Or move a message of the sender into one of the folders under"
    " “Delivery”: it comes back to where it was."
)
BEFORE = N_("{sender}: {new} (before: {old})")
OWN = N_("{sender}: {new}")
NO_CHOICE = N_("as for all senders")
MORE = N_("… and {count} more.")
CARRIERS = N_(
    "By e-mail, on paper and in a mailbox elsewhere, others carry your documents: mail servers, a printer, the post."
    " With this choice you accept that."
)
NOT_CHANGED = N_("{sender}: not changed to “{channel}”. {reason}")
SAME = N_("{sender}: it was so already.")
LEFT_OUT = N_(
    "{count} of the messages came from nobody for whom you can choose: messages of the post office and your own. They"
    " changed nothing."
)
MANDATORY = N_("These still reach you, because your domain lets nobody refuse them: {types}.")
REMEDIES = {
    Code.NOT_VERIFIED: N_("Set and confirm your contact address first: postex me contact."),
    Code.NO_POSTAL_ADDRESS: N_("Set your postal address first: postex me address."),
    Code.PAPER_RETURNED: N_("Confirm or change your postal address first: postex me address."),
    Code.NO_EXTERNAL_MAILBOX: N_("Set your mailbox elsewhere first: postex me external."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """What one sender's documents did and do now; None: no choice of its own."""

    sender: str
    old: Channel | None
    new: Channel | None

    def shown(self, words: Words) -> str:
        old, new = (words(NO_CHOICE if each is None else CHANNELS[each]) for each in (self.old, self.new))
        return words(BEFORE, sender=flat(self.sender), old=old, new=new)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sender for whom nothing was changed, and why; no reason: it was so already."""

    sender: str
    channel: Channel
    code: Code | None

    def shown(self, words: Words) -> str:
        if self.code is None:
            return words(SAME, sender=flat(self.sender))
        remedy = REMEDIES.get(self.code)
        reason = words(CODES[self.code]) + ("" if remedy is None else " " + words(remedy))
        return words(NOT_CHANGED, sender=flat(self.sender), channel=words(CHANNELS[self.channel]), reason=reason)


@dataclass(frozen=True, slots=True)
class ChoiceConfirmed(Notice):
    """One act, however many messages it took."""

    subject = N_("{title}")
    paragraphs = (
        N_("From now on, documents reach you like this:"),
        N_("The messages themselves lie where they were."),
        N_("Was it not meant so? Answer this message with the word “undo” before {until}: all of it is taken back."),
    )
    lines: Sequence[Line]
    refusals: Sequence[Refusal]
    left_out: int
    mandatory: Sequence[DocumentType]
    until: int
    reply_to: str

    def values(self, words: Words) -> Mapping[str, str]:
        title = N_("Changed: how documents reach you") if self.lines else N_("Not changed: how documents reach you")
        return {"title": words(title), "until": words.moment(self.until)}

    def body(self, words: Words) -> list[str]:
        begin, lie, undo = (words(each, until=words.moment(self.until)) for each in self.paragraphs)
        found = [begin, _listed(words, [line.shown(words) for line in self.lines])] if self.lines else []
        if any(line.new in LEAVES for line in self.lines):
            found.append(words(CARRIERS))
        if self.mandatory and any(line.new is Channel.REFUSE for line in self.lines):
            found.append(words(MANDATORY, types=", ".join(words(TYPES[each]) for each in self.mandatory)))
        found += [_listed(words, [each.shown(words) for each in self.refusals])] if self.refusals else []
        found += [words(LEFT_OUT, count=self.left_out)] if self.left_out else []
        return [*found, lie, undo] if self.lines else [*found, lie]

    def further(self) -> tuple[tuple[str, str], ...]:
        return (("Reply-To", self.reply_to),)


@dataclass(frozen=True, slots=True)
class ChoiceUndone(Notice):
    """An act was taken back."""

    subject = N_("Undone: how documents reach you")
    paragraphs = (N_("The change was taken back. Documents reach you like this again:"),)
    lines: Sequence[Line]

    def values(self, words: Words) -> Mapping[str, str]:
        return {}

    def body(self, words: Words) -> list[str]:
        return [words(self.paragraphs[0]), _listed(words, [line.shown(words) for line in self.lines])]


WHY = {
    "words": N_(
        "Your message said nothing that we understand, or two things at once. Only what stands above the quoted text"
        " counts, and it must be plain text."
    ),
    "sender": N_("It was not clear which sender your message was about: answer a message of that sender itself."),
    "move": N_(
        "You put a message into a delivery folder that came from nobody for whom you can choose. It was left where it"
        " was."
    ),
    "enrol": N_(
        "Choosing how documents reach you waits until you have enrolled: ask your admin for the enrolment code and"
        " run postex enrol."
    ),
    "undo-late": N_("The change can no longer be taken back in one step: a day has passed."),
    "undo-later": N_("A later change concerns the same senders: take that back first."),
    "undo-none": N_("There is no change left that could be taken back."),
}


@dataclass(frozen=True, slots=True)
class NotUnderstood(Notice):
    """Nothing changed; how to say it."""

    subject = N_("Nothing changed: how to choose how documents reach you")
    paragraphs = (N_("Nothing was changed."),)
    why: str
    """A key of `WHY`."""
    reply_to: str

    def values(self, words: Words) -> Mapping[str, str]:
        return {}

    def body(self, words: Words) -> list[str]:
        return [words(self.paragraphs[0]), words(WHY[self.why]), words(HOW, address=self.reply_to)]

    def further(self) -> tuple[tuple[str, str], ...]:
        return (("Reply-To", self.reply_to),)


@dataclass(frozen=True, slots=True)
class PreferenceStands(Notice):
    """“Your preferences” for one sender, as they are now."""

    subject = N_("Your preferences: {sender}")
    paragraphs = (N_("This is how documents of {sender} reach you:"),)
    sender: str
    channel: Channel | None
    """For documents of any type; None: as for all senders."""
    by_type: Sequence[tuple[DocumentType, Channel]]
    reply_to: str

    def values(self, words: Words) -> Mapping[str, str]:
        return {"sender": self.sender}

    def body(self, words: Words) -> list[str]:
        general = words(NO_CHOICE if self.channel is None else CHANNELS[self.channel])
        rows = [general] + [
            words(OWN, sender=words(TYPES[kind]), new=words(CHANNELS[by])) for kind, by in self.by_type
        ]
        intro = words(self.paragraphs[0], sender=flat(self.sender))
        return [intro, _listed(words, rows), words(HOW, address=self.reply_to)]

    def further(self) -> tuple[tuple[str, str], ...]:
        return (("Reply-To", self.reply_to),)


def _listed(words: Words, lines: list[str]) -> str:
    """One a line, not more than a person reads."""
    shown = [f"- {line}" for line in lines[:MOST_LINES]]
    left = len(lines) - len(shown)
    return "\n".join([*shown, words(MORE, count=left)] if left else shown)
