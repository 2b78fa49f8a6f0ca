"""From a decision to the row and the jobs of a delivery, where nothing else looks at them."""

import pytest

from bridge.mail.facts import HeaderFacts
from bridge.routing import planning
from storage.deliveries.terms import (
    Channel,
    Decided,
    DeliveryState,
    DocumentType,
    JobKind,
    Ladder,
    NewJob,
    Sensitivity,
)

KEY = b"k" * 32


@pytest.mark.parametrize(
    ("said", "kind", "sensitivity"),
    [
        (HeaderFacts(), DocumentType.INVOICE, None),
        (HeaderFacts(document_type="Payslip", sensitivity="personal"), DocumentType.PAYSLIP, Sensitivity.PERSONAL),
        (HeaderFacts(document_type="parcel", sensitivity="secret!"), DocumentType.OTHER, Sensitivity.PRIVATE),
    ],
)
def test_what_nobody_knows_is_read_with_care(
    said: HeaderFacts, kind: DocumentType, sensitivity: Sensitivity | None
) -> None:
    made = planning.document_of(said, DocumentType.INVOICE)
    assert (made.type, made.sensitivity) == (kind, sensitivity)


def test_a_tag_finds_a_document_of_one_reader_alone() -> None:
    tags = {planning.message_tag(KEY, number, name) for number, name in ((1, "<a@b>"), (2, "<a@b>"), (1, "<c@d>"))}
    assert len(tags) == 3
    assert planning.message_tag(KEY, 1, None) is None
    assert planning.message_tag(b"x" * 32, 1, "<a@b>") not in tags


@pytest.mark.parametrize("openable", [True, False])
def test_what_is_held_waits_without_anything_that_was_decided(openable: bool) -> None:
    decided = Decided(
        account_id=1,
        document_type=DocumentType.LETTER,
        channel=Channel.PAPER,
        state=DeliveryState.LEAVING,
        language="nl",
        reasons='["x"]',
        mailbox_id=7,
        ladder=Ladder.parse("3:remind"),
        ladder_due_at=3,
        needs_key=not openable,
        erase_at=9,
        jobs=(NewJob(JobKind.PAPER, "paper", 0),),
    )
    held = planning.held(decided, openable)
    assert (held.channel, held.state, held.needs_key) == (Channel.MAILBOX, DeliveryState.HELD, openable)
    assert (held.reasons, held.mailbox_id, held.ladder, held.jobs) == ("[]", None, Ladder(), ())
    assert (held.ladder_due_at, held.erase_at) == (None, None)
