"""Notices about the secrets of an account: whoever did not change them finds out (S64)."""

from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Happened

_NOT_YOU = N_(
    "Was it not you? Then someone else knows your secrets: tell your admin at once, by telephone or in person."
)


@dataclass(frozen=True, slots=True)
class PasswordChanged(Happened):
    """By its owner, signed in or with a recovery code."""

    subject = N_("Your password was changed")
    paragraphs = (
        N_("On {at} the password of your account was changed. All other sessions have ended; your devices work on."),
        _NOT_YOU,
    )


@dataclass(frozen=True, slots=True)
class SecondFactorChanged(Happened):
    """By its owner, signed in or with a recovery code."""

    subject = N_("Your second factor was changed")
    paragraphs = (
        N_("On {at} a new app for codes was set for your account. Codes of the one before are not taken any more."),
        _NOT_YOU,
    )


@dataclass(frozen=True, slots=True)
class RecoveryCodesMade(Happened):
    """Ten new ones, by its owner."""

    subject = N_("You have new recovery codes")
    paragraphs = (
        N_("On {at} ten new recovery codes were made for your account. Those before open nothing any more."),
        _NOT_YOU,
    )
