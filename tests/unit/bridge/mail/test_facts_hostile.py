"""Headers that cost nobody time, whatever stands in them: they are read in the event loop."""

import time

import pytest

from bridge.mail.facts import facts_of


@pytest.mark.parametrize(
    "value", ["type=invoice" + " " * 200_000 + "x", " " * 200_000, "a=" * 100_000, "a;" * 100_000]
)
def test_our_own_field_is_read_in_linear_time(value: str) -> None:
    began = time.process_time()
    facts_of(f"Postex-Document: {value}\r\n".encode())
    assert time.process_time() - began < 1


def test_parameters_stand_between_semicolons() -> None:
    facts = facts_of(b"Postex-Document: type = invoice ;BATCH=2026-11; ; strange=1;no value\r\n")
    assert (facts.document_type, facts.batch, facts.unknown) == ("invoice", "2026-11", ("strange",))
