"""Notices about where other notices go: the contact address, a notice URL."""

from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Happened

NOT_YOU = N_("Was it not you? Change your password, and tell your admin.")


@dataclass(frozen=True, slots=True)
class ContactProved(Happened):
    subject = N_("Your contact address is confirmed")
    paragraphs = (
        N_("On {at} your contact address was confirmed with the code that was sent to it. Notices can go there now."),
        NOT_YOU,
    )


@dataclass(frozen=True, slots=True)
class ContactUnproved(Happened):
    subject = N_("Your contact address takes no mail")
    paragraphs = (
        N_("Notices to your contact address came back several times, the last time on {at}. None is sent there now."),
        N_("Is it right, confirm it again: postex me contact verify. Else change it: postex me set --contact-email"),
    )


@dataclass(frozen=True, slots=True)
class NoticeUrlSet(Happened):
    subject = N_("Notices go to a new place")
    paragraphs = (
        N_("On {at} it was set that notices of your documents go to a service of your choice, by its URL."),
        N_("They hold nothing of a document. To end it: postex me notice-url remove"),
        NOT_YOU,
    )


@dataclass(frozen=True, slots=True)
class NoticeUrlPaused(Happened):
    subject = N_("The service of your choice takes no notices")
    paragraphs = (
        N_("Notices to the service of your choice have failed for a day or longer, the last time on {at}."),
        N_("None is sent there now; they go to your contact address if you have confirmed one, else nowhere."),
        N_(
            "Does the service work again? Try it with: postex me notice-url test. Then notices go there again. Or set"
            " another one: postex me notice-url set"
        ),
    )


@dataclass(frozen=True, slots=True)
class NoticeUrlRemoved(Happened):
    subject = N_("Notices go to the service of your choice no more")
    paragraphs = (
        N_("On {at} the URL was removed to which notices of your documents went."),
        NOT_YOU,
    )
