"""Notices about the account's keys: a reset that closes documents, a new key, an access by two people (S64, S66)."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Notice, Words


@dataclass(frozen=True, slots=True)
class ResetClosesDocuments(Notice):
    """An admin made a code that holds a new key: told while the documents can still be read."""

    subject = N_("Your account is being reset: documents would be closed")
    paragraphs = (
        N_(
            "On {at} an admin of your domain made a one-time code for your account. Nobody keeps a spare key to your"
            " documents: if the code is used, before {until}, the {count} documents that you have now are closed."
            " Nothing is closed as long as it is not used."
        ),
        N_(
            "Do you still know your password, or have you a recovery code? Then do not use the code: sign in as ever"
            " and change your password, which makes the code worthless."
        ),
        N_("Did you not ask for this? Tell your admin at once, by telephone or in person."),
    )
    at: int
    until: int
    count: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"at": words.moment(self.at), "until": words.moment(self.until), "count": str(self.count)}


@dataclass(frozen=True, slots=True)
class DocumentsClosed(Notice):
    """The code was used: the first message under the new key."""

    subject = N_("Your earlier documents are closed")
    paragraphs = (
        N_(
            "On {at} your account was reset with a code from your admin, and has new keys. {count} documents from"
            " before cannot be opened with them and are not shown. They are kept as they are."
        ),
        N_(
            "Only a recovery code from before opens them. If you find one, run: postex me reopen. The documents then"
            " come back into the folder Archive."
        ),
        N_(
            "Your own folders and the devices of before are gone: make them anew. What arrives from now on is"
            " readable."
        ),
    )
    at: int
    count: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"at": words.moment(self.at), "count": str(self.count)}


@dataclass(frozen=True, slots=True)
class KeysReplaced(Notice):
    """The owner had the account's key replaced."""

    subject = N_("Your account has new keys")
    paragraphs = (
        N_(
            "On {at} the keys of your account were replaced, and your {count} documents locked with the new ones. All"
            " devices, sessions and earlier recovery codes have ended: make new device passwords for your devices."
        ),
        N_(
            "Was it not you? Then someone else knows your secrets: tell your admin at once, by telephone or in"
            " person."
        ),
    )
    at: int
    count: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"at": words.moment(self.at), "count": str(self.count)}


@dataclass(frozen=True, slots=True)
class BreakGlassApproved(Notice):
    """Two people agreed to open the mailbox: told in the same moment."""

    subject = N_("Two people may open your mailbox")
    paragraphs = (
        N_(
            "{asker} asked to read your mailbox, and on {at} {approver} agreed. From the moment it is opened, which"
            " must be before {until}, {asker} can read it for {hours} hours."
        ),
        N_("The reason they gave: {reason}"),
        N_(
            "Nothing can be changed or sent with this access. You see each step and each use of it with: postex me"
            " looks. Ask your admin if you have questions; you can also complain to the authority that protects"
            " personal data."
        ),
    )
    asker: str
    approver: str
    reason: str
    hours: int
    at: int
    until: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {
            "asker": self.asker,
            "approver": self.approver,
            "reason": self.reason,
            "hours": str(self.hours),
            "at": words.moment(self.at),
            "until": words.moment(self.until),
        }


@dataclass(frozen=True, slots=True)
class BreakGlassTold(Notice):
    """What a law forbade to tell until now."""

    subject = N_("Two people were allowed to open your mailbox")
    paragraphs = (
        N_("{asker} asked to read your mailbox, and on {at} {approver} agreed."),
        N_("It was opened on {opened}, for reading until {ended}."),
        N_("It was not opened."),
        N_("The reason they gave: {reason}"),
        N_(
            "You were not told at the time because a law forbade it until {until}: {basis}. All of it stands in:"
            " postex me looks. You can complain to the authority that protects personal data."
        ),
    )
    asker: str
    approver: str
    reason: str
    basis: str
    at: int
    until: int
    opened_at: int | None
    ended_at: int | None

    def shown(self) -> tuple[str, ...]:
        asked, opened, unopened, reason, law = self.paragraphs
        return (asked, unopened if self.opened_at is None else opened, reason, law)

    def values(self, words: Words) -> Mapping[str, str]:
        return {
            "asker": self.asker,
            "approver": self.approver,
            "reason": self.reason,
            "basis": self.basis,
            "at": words.moment(self.at),
            "until": words.moment(self.until),
            "opened": "" if self.opened_at is None else words.moment(self.opened_at),
            "ended": "" if self.ended_at is None else words.moment(self.ended_at),
        }
