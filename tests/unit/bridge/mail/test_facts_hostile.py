"""Headers that cost nobody time, whatever stands in them: they are read in the event loop."""

import pytest

from bridge.mail.facts import facts_of, is_automatic
from bridge.mail.writing import Letter, Person, write
from tests.costs import at_most


@pytest.mark.parametrize(
    "value", ["type=invoice" + " " * 200_000 + "x", " " * 200_000, "a=" * 100_000, "a;" * 100_000]
)
def test_our_own_field_is_read_in_linear_time(value: str) -> None:
    with at_most(1):
        facts_of(f"Postex-Document: {value}\r\n".encode())


def test_parameters_stand_between_semicolons() -> None:
    facts = facts_of(b"Postex-Document: type = invoice ;BATCH=2026-11; ; strange=1;no value\r\n")
    assert (facts.document_type, facts.batch, facts.unknown) == ("invoice", "2026-11", ("strange",))


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied (vacation)",
        "auto-submitted : AUTO-NOTIFIED; owner-email=x@y.test",
        "Precedence: Bulk",
        "Precedence: auto_reply",
        "List-Post: <mailto:x@y.test>",
        "LIST-UNSUBSCRIBE:\r\n <mailto:x@y.test>",
        "X-Autoreply: yes",
        "Content-Type:\r\n multipart/report; report-type=disposition-notification",
        "Return-Path: <>",
    ],
)
def test_what_a_program_says_of_itself(field: str) -> None:
    assert is_automatic(f"From: a@b.test\r\n{field}\r\nSubject: stop\r\n".encode())


@pytest.mark.parametrize(
    "field", ["Auto-Submitted: no", "Precedence: first-class", "X-List-Id: x", "Subject: List-Id: x"]
)
def test_what_a_person_may_have_in_a_header(field: str) -> None:
    assert not is_automatic(f"From: a@b.test\r\n{field}\r\nReturn-Path: <a@b.test>\r\n".encode())


def test_what_we_write_says_so_to_other_post_offices() -> None:
    """So nothing is sent because of it there, nor here because of theirs: `automatic-mail` of the decision."""
    post = Person("postex@a.test")
    written = write(Letter(post, Person("anna@b.test"), "Er is post", "Kijk in uw postvak.", "nl", 0, "1@a.test"))
    header = written.partition(b"\r\n\r\n")[0] + b"\r\n"
    assert facts_of(header).generated
    assert is_automatic(header)
