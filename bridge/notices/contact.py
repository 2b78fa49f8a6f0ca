"""Notices about the contact address, where other notices go."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Notice, Words


@dataclass(frozen=True, slots=True)
class ContactUnproved(Notice):
    """Mail to the address came back too often."""

    subject = N_("Your contact address takes no mail")
    paragraphs = (
        N_("Notices to your contact address came back several times, the last time on {at}. None is sent there now."),
        N_("Is it right, confirm it again: postex me contact verify. Else change it: postex me set --contact-email"),
    )
    at: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"at": words.moment(self.at)}
