"""What a notice outside says: type level only, in the recipient's language of this moment (D14, S34, S38).

Contract. Everything in it comes from lists of this bridge (types, counts, names of its own domains) or is a code made
here: never a subject, a name, an address of a sender or any word of a document. There is no link in it and nothing
that tells anybody it was read (S24). `kind_of` chooses the words; `letter` makes the e-mail, `push` title and body.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from bridge.i18n import N_
from bridge.mail.writing import Letter, Person, write
from bridge.notices.people import FIELDS
from bridge.notices.rendering import LOCAL_PART, SENDER, Notice, Words, ended
from bridge.routing.explaining import TYPES
from bridge.routing.orders import About, Order
from storage.deliveries.notices import Untold

WHERE = N_(
    "Read what came in your mail program, in the mailbox that you have at {domain}. There is no link in this message:"
    " distrust one that asks you to click or to sign in."
)
STOP = N_(
    "You get this because you asked for it, for all senders (any) or for one: postex preference list. To stop it:"
    " postex preference set any --notify none"
)


@dataclass(frozen=True, slots=True)
class Outside(Notice):
    """Base of the kinds below; `domain` is the one of the recipient's account."""

    domain: str


@dataclass(frozen=True, slots=True)
class Arrival(Outside):
    subject = N_("A document is waiting for you")
    paragraphs: ClassVar[tuple[str, ...]] = (
        N_("A document came that you were not told of yet: {types}."),
        N_("From: {senders}."),
        WHERE,
        STOP,
    )
    untold: Untold
    names_senders: bool

    def shown(self) -> tuple[str, ...]:
        what, sender, *rest = self.paragraphs
        return (what, *([sender] if self.names_senders and self.untold.domains else []), *rest)

    def values(self, words: Words) -> Mapping[str, str]:
        types = [
            words(TYPES[kind]) if number == 1 else f"{words(TYPES[kind])} ({number})"
            for kind, number in self.untold.types
        ]
        return {
            "types": ", ".join(types),
            "senders": ", ".join(self.untold.domains),
            "count": str(len(self.untold.delivery_ids)),
            "domain": self.domain,
        }


@dataclass(frozen=True, slots=True)
class Arrivals(Arrival):
    subject = N_("{count} documents are waiting for you")
    paragraphs = (
        N_("{count} documents came that you were not told of yet: {types}."),
        N_("From: {senders}."),
        WHERE,
        STOP,
    )


@dataclass(frozen=True, slots=True)
class Reminder(Arrival):
    subject = N_("A document is still waiting for you")
    paragraphs = (N_("A document that came for you is still unopened: {types}."), N_("From: {senders}."), WHERE)


@dataclass(frozen=True, slots=True)
class ContactCode(Outside):
    subject = N_("Confirm your contact address")
    paragraphs = (
        N_(
            "Somebody asked to use this address as the contact address of an account at {domain}. The code is {code}."
        ),
        N_("It counts until {until}. Give it with: postex me contact confirm"),
        N_("Was it not you? Then do nothing: nothing more is sent here."),
    )
    code: str
    until: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"domain": self.domain, "code": self.code, "until": words.moment(self.until)}


@dataclass(frozen=True, slots=True)
class ContactProven(Outside):
    subject = N_("This is your contact address now")
    paragraphs = (
        N_("This address is confirmed as the contact address of your account at {domain}."),
        N_("Was it not you? Tell the admin of {domain}."),
    )


@dataclass(frozen=True, slots=True)
class DetailChanged(Outside):
    subject = N_("Your account was changed")
    paragraphs = (
        N_("Something that identifies you was changed in your account at {domain}: your {field}."),
        N_("Was it not you? Undo it before {until}: postex me changes. Your admin can undo it too."),
    )
    field: str
    until: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"domain": self.domain, "field": words(FIELDS[self.field]), "until": words.moment(self.until)}


@dataclass(frozen=True, slots=True)
class DetailUndone(Outside):
    subject = N_("A change of your account was undone")
    paragraphs = (
        N_("In your account at {domain} your {field} is again what it was before the last change."),
        N_("Was it not you? Tell the admin of {domain}."),
    )
    field: str

    def values(self, words: Words) -> Mapping[str, str]:
        return {"domain": self.domain, "field": words(FIELDS[self.field])}


@dataclass(frozen=True, slots=True)
class Trial(Outside):
    """To see whether a notice URL works."""

    subject = N_("Notices come here")
    paragraphs = (N_("This is how notices of your mailbox at {domain} come. Nothing is waiting for you."),)


def kind_of(order: Order, domain: str, untold: Untold, names_senders: bool) -> Outside:
    """The words for an order; of `untold` only what is counted."""
    match order.about:
        case About.CODE:
            return ContactCode(domain, _in_fours(order.code or ""), order.until or 0)
        case About.PROVEN:
            return ContactProven(domain)
        case About.CHANGE:
            return DetailChanged(domain, order.field or "", order.until or 0)
        case About.UNDONE:
            return DetailUndone(domain, order.field or "")
        case About.REMINDER:
            return Reminder(domain, untold, names_senders)
    kind = Arrival if len(untold.delivery_ids) == 1 else Arrivals
    return kind(domain, untold, names_senders)


def push(notice: Outside, locale: str) -> tuple[str, str]:
    """(title, body) for a service that shows a line or two."""
    words = Words(locale)
    values = notice.values(words)
    return words(notice.subject, **values), "\n".join(words(each, **values) for each in notice.shown())


def letter(notice: Outside, locale: str, address: str, now: int, reference: str) -> bytes:
    """The e-mail. The same `reference` gives the same Message-ID, by which a repetition is known. ValueError."""
    title, body = push(notice, locale)
    paragraphs = ended(body.split("\n"), notice.domain, Words(locale))
    return write(
        Letter(
            sender=Person(f"{LOCAL_PART}@{notice.domain}", SENDER),
            recipient=Person(address),
            subject=title,
            text="\n\n".join(paragraphs),
            language=locale,
            at=now,
            message_id=f"{hashlib.sha256(reference.encode()).hexdigest()[:32]}@{notice.domain}",
            further=(("List-Id", f"{SENDER} <notices.{notice.domain}>"),) if isinstance(notice, Arrival) else (),
        )
    )


def _in_fours(digits: str) -> str:
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
