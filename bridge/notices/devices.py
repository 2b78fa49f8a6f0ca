"""Notices about device passwords (S25, S28)."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Notice, Words
from storage.records import Scope


@dataclass(frozen=True, slots=True)
class DeviceAdded(Notice):
    """Someone who was signed in as the account added a device."""

    subject = N_("New device: {label}")
    paragraphs = (
        N_("A device password was made for your account on {at}. The device is called “{label}” and may: {scopes}."),
        N_("Was it not you? Revoke the device at once, then change your password. Its sessions end within a second."),
    )
    label: str
    scopes: frozenset[Scope]
    at: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"label": self.label, "scopes": words.scopes(self.scopes), "at": words.moment(self.at)}


@dataclass(frozen=True, slots=True)
class DeviceHandedOut(Notice):
    """An admin made the account's first device together with the account."""

    subject = N_("Your mailbox is ready; your admin made its first device")
    paragraphs = (
        N_("Your admin made a device password for you on {at}. The device is called “{label}” and may: {scopes}."),
        N_(
            "With it your mail program works at once. Choosing how documents reach you, adding devices and changing"
            " your details wait until you enrol: ask your admin for the enrolment code and use it within 72 hours."
        ),
        N_("Once you have enrolled, revoke this device if someone else may know its password."),
    )
    label: str
    scopes: frozenset[Scope]
    at: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"label": self.label, "scopes": words.scopes(self.scopes), "at": words.moment(self.at)}


@dataclass(frozen=True, slots=True)
class DeviceRevoked(Notice):
    """Someone else than the owner revoked a device."""

    subject = N_("Device revoked: {label}")
    paragraphs = (
        N_(
            "Your admin revoked the device “{label}” on {at}. It cannot sign in any more and its sessions have ended."
        ),
        N_("Your mail is untouched. If you still need the device, add it again with a new password."),
    )
    label: str
    at: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"label": self.label, "at": words.moment(self.at)}
