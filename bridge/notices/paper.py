"""Notices about paper."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Notice, Words
from storage.deliveries.returned_paper import Cause

CAUSES = {
    Cause.MOVED: N_("the post says that you moved"),
    Cause.UNKNOWN: N_("the post does not know you there"),
    Cause.REFUSED: N_("it was not taken at the door"),
}


@dataclass(frozen=True, slots=True)
class PaperReturned(Notice):
    """A letter came back; the document is named by its id alone."""

    subject = N_("A letter to you came back")
    paragraphs = (
        N_("On {at} a printed document came back: {cause}. Its id is {document}. It lies in your mailbox as well."),
        N_(
            "Nothing more is printed for you until you confirm your postal address (postex me address confirm) or"
            " change it (postex me address set)."
        ),
    )
    document: str
    cause: Cause
    at: int
    doubted: bool
    """Whether the address is not used any more."""

    def shown(self) -> tuple[str, ...]:
        return self.paragraphs if self.doubted else self.paragraphs[:1]

    def values(self, words: Words) -> Mapping[str, str]:
        return {"at": words.moment(self.at), "cause": words(CAUSES[self.cause]), "document": self.document}
