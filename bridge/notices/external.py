"""Notices about the recipient's own mailbox elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Notice, Words


@dataclass(frozen=True, slots=True)
class ExternalMailboxUnusable(Notice):
    """It does not let us in, or the folder is gone."""

    subject = N_("Your other mailbox cannot be reached; documents stay here")
    paragraphs = (
        N_(
            "On {at} a document could not be put into the mailbox that you have at {host}: it refuses the sign-in, or"
            " the folder that you named is not there any more."
        ),
        N_(
            "Nothing is lost: the document is in this mailbox, and those that follow stay here too. To have them put"
            " there again, set the other mailbox anew with: postex me external set"
        ),
    )
    host: str
    at: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"host": self.host, "at": words.moment(self.at)}


@dataclass(frozen=True, slots=True)
class ExternalMailboxSet(Notice):
    """Documents may go there from now on."""

    subject = N_("A mailbox elsewhere was set for your documents")
    paragraphs = (
        N_(
            "On {at} a mailbox at {host} was set as the one that your documents can be put into. It is used for"
            " senders for whom you choose it."
        ),
        N_("Was it not you? Remove it with: postex me external remove, and change your password."),
    )
    host: str
    at: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"host": self.host, "at": words.moment(self.at)}
