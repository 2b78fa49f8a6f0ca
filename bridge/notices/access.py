"""Notices about ways into an account: resets, recovery codes, break-glass (S64, S66, D7)."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Notice, Words
from storage.records import Role


@dataclass(frozen=True, slots=True)
class PasswordReset(Notice):
    """An admin made a one-time code for a new password."""

    subject = N_("Your password is being reset")
    paragraphs = (
        N_(
            "On {at} an admin of your domain made a one-time code with which you can choose a new password. It works"
            " once, until {until}. The admin does not see the password you choose."
        ),
        N_("Did you not ask for this? Tell your admin at once, by telephone or in person."),
    )
    at: int
    until: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"at": words.moment(self.at), "until": words.moment(self.until)}


@dataclass(frozen=True, slots=True)
class RecoveryCodeUsed(Notice):
    """One of the ten recovery codes opened the account."""

    subject = N_("A recovery code was used")
    paragraphs = (
        N_("On {at} your account was opened with one of your recovery codes. You have {left} codes left."),
        N_("Was it not you? Sign in, change your password and make new recovery codes: the old ones then end."),
    )
    at: int
    left: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"at": words.moment(self.at), "left": str(self.left)}


@dataclass(frozen=True, slots=True)
class BreakGlassOpened(Notice):
    """Two people opened the mailbox for a time."""

    subject = N_("Someone else can read your mailbox until {until}")
    paragraphs = (
        N_(
            "Someone with the role {role} asked to read your mailbox, and a second person approved it. They can"
            " read it from {since} to {until}."
        ),
        N_("The reason they gave: {reason}"),
        N_(
            "Nothing can be changed or sent with this access, and each use of it stands in the audit log. Ask"
            " your admin if you have questions; you can also complain to the authority that protects personal data."
        ),
    )
    reason: str
    role: Role
    """Of who asked."""
    since: int
    until: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {
            "reason": self.reason,
            "role": words.role(self.role),
            "since": words.moment(self.since),
            "until": words.moment(self.until),
        }
