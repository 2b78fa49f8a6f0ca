"""Notices about the account itself: what identifies its owner, its state, its roles (S48, S65, S77)."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Happened, Notice, Words
from storage.records import Role

FIELDS = {
    "name": N_("name"),
    "legal_name": N_("legal name"),
    "email": N_("e-mail address"),
    "contact_email": N_("contact address"),
    "phone": N_("telephone number"),
    "postal_address": N_("postal address"),
    "keys": N_("keys"),
}


@dataclass(frozen=True, slots=True)
class IdentityChanged(Notice):
    """Something that identifies a person was changed; old and new value stay out of the message."""

    subject = N_("Changed: your {field}")
    paragraphs = (
        N_("On {at} something that identifies you was changed in your account: your {field}."),
        N_("Was it not you? Undo the change before {until}, then change your password. Your admin can undo it too."),
    )
    field: str
    """A key of `FIELDS`."""
    at: int
    until: int
    """End of the time in which it can be undone."""

    def values(self, words: Words) -> Mapping[str, str]:
        return {
            "field": words(FIELDS[self.field]),
            "at": words.moment(self.at),
            "until": words.moment(self.until),
        }


@dataclass(frozen=True, slots=True)
class IdentityUndone(Notice):
    """A change of identity was taken back."""

    subject = N_("Undone: the change of your {field}")
    paragraphs = (
        N_("On {undone} the change of {at} was undone: your {field} is again what it was before."),
        N_("Was it not you, nor your admin? Change your password at once."),
    )
    field: str
    """A key of `FIELDS`."""
    at: int
    undone: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {
            "field": words(FIELDS[self.field]),
            "at": words.moment(self.at),
            "undone": words.moment(self.undone),
        }


@dataclass(frozen=True, slots=True)
class Suspended(Happened):
    """Waits in the mailbox until the account may sign in again."""

    subject = N_("Your account was suspended")
    paragraphs = (
        N_(
            "On {at} your account was suspended: nobody could sign in to it from then on."
            " Mail was still taken and kept."
        ),
        N_("Your admin knows why, and can tell you what is needed."),
    )


@dataclass(frozen=True, slots=True)
class Resumed(Happened):
    """The end of a suspension."""

    subject = N_("Your account works again")
    paragraphs = (N_("On {at} the suspension of your account ended. Your devices work as before."),)


@dataclass(frozen=True, slots=True)
class RolesGranted(Notice):
    """A role was given to the account."""

    subject = N_("You were given the role {role}")
    paragraphs = (
        N_("On {at} you were given the role {role} for {domain}."),
        N_("It ends on {until}."),
        N_("It lapses if it is not used for 90 days. Do you not need it? Ask for it to be taken away."),
    )
    role: Role
    domain: str
    """Empty: the whole bridge."""
    at: int
    until: int | None

    def shown(self) -> tuple[str, ...]:
        granted, ends, lapses = self.paragraphs
        return (granted, lapses) if self.until is None else (granted, ends, lapses)

    def values(self, words: Words) -> Mapping[str, str]:
        return {
            "role": words.role(self.role),
            "domain": self.domain or words(N_("the whole post office")),
            "at": words.moment(self.at),
            "until": "" if self.until is None else words.moment(self.until),
        }
