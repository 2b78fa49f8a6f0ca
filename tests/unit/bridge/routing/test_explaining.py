"""Why a document came as it did, in words: they say of the ladder what was decided of it (D4)."""

import pytest

from bridge.i18n import LOCALES
from bridge.mail.facts import HeaderFacts
from bridge.routing import decision, explaining
from bridge.routing.decision import Document, Places, Sender
from bridge.routing.planning import document_of
from storage.deliveries.terms import Channel, Choice, DocumentType, Ladder, Preference, ReaderFacts

WHERE = Places({Channel.PAPER: "NL"}, frozenset({"NL"}), notices_by_email=True)
ABLE = ReaderFacts(7, 3, False, "en", True, True, None)
UNREGISTERED = ReaderFacts(7, 3, True, "en", True, True, None)
PAPER = Preference(Choice(channel=Channel.PAPER), None, 3)
LADDER = Preference(Choice(ladder=Ladder.parse("3:remind 7:email")), 7)


@pytest.mark.parametrize(
    ("reader", "chosen", "sender", "words"),
    [
        (
            UNREGISTERED,
            PAPER,
            Sender(11, True),
            "If it stays unread: day 14: on paper."
            " The recipient has not registered yet: it is kept until the deadline.",
        ),
        (
            ABLE,
            LADDER,
            Sender(11, True),
            "day 7: by e-mail: left out. This post office has no relay or printer for it.",
        ),
        (
            ABLE,
            LADDER,
            Sender(11, False),
            "If it stays unread: nothing is done. A program wrote it, and nobody vouches for the sender:"
            " nothing is sent because it came.",
        ),
    ],
)
def test_what_is_said_of_a_ladder_is_what_happens(
    reader: ReaderFacts, chosen: Preference, sender: Sender, words: str
) -> None:
    document = Document(DocumentType.LETTER, generated=True)
    decided = decision.decide(reader, [chosen], sender, document, WHERE)
    assert explaining.steps(decided.reasons, "en")[-1] == words


@pytest.mark.parametrize("locale", LOCALES)
def test_a_type_that_there_is_not_is_told(locale: str) -> None:
    document = document_of(HeaderFacts(document_type="parcel"), DocumentType.INVOICE)
    assert (document.type, document.is_misnamed) == (DocumentType.OTHER, True)
    decided = decision.decide(ABLE, [], Sender(11, True), document, WHERE)
    assert (
        explaining.steps(decided.reasons, locale)[0]
        == {
            "en": "Type: other document. The document names a type that this post office does not know.",
            "nl": "Soort: ander document. Het document noemt een soort die dit postkantoor niet kent.",
        }[locale]
    )
