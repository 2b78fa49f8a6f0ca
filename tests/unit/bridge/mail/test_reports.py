"""Reports read by another's parser, as RFC 3464 and RFC 8098 want them."""

import email
import email.policy
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from bridge.mail.reports import Action, DeliveryReport, DispositionReport, Status, write_delivery, write_disposition
from bridge.mail.scanner import scan
from bridge.mail.writing import Letter, Person

LETTER = Letter(
    Person("postmaster@example.test", "Postex"),
    Person("erp@example.test", "Energie"),
    "Afgeleverd",
    "Één regel\n\nen nog een",
    "nl",
    1_760_000_000,
    "abc@example.test",
)
HEADER = b"From: erp@example.test\r\nSubject: Factuur\r\nMessage-ID: <1@energie.test>\r\n"


def parsed(message: bytes) -> EmailMessage:
    made = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    assert not made.defects
    assert scan(message).size == len(message)
    return made


def groups(message: EmailMessage) -> list[dict[str, str]]:
    """Of the part for programs."""
    part = list(message.iter_parts())[1]
    payload = part.get_payload()
    assert isinstance(payload, list)
    return [dict(group.items()) for group in payload]


def test_a_delivery_report() -> None:
    statuses = (
        Status("anna@example.test", Action.FAILED, "5.7.1", "rfc822;a@x.test", "550 5.7.1 the recipient takes none"),
        Status("zoë@example.test", Action.DELIVERED, "2.0.0"),
    )
    report = DeliveryReport(
        LETTER, "mail.example.test", 1_759_999_000, statuses, "QQ 1", HEADER, message_id="<1@energie.test>"
    )
    made = parsed(write_delivery(report, "b0undary"))
    assert (made.get_content_type(), made.get_param("report-type")) == ("multipart/report", "delivery-status")
    assert (made["Auto-Submitted"], made["In-Reply-To"]) == ("auto-replied", "<1@energie.test>")
    text, status, returned = made.iter_parts()
    assert text.get_content().splitlines() == ["Één regel", "", "en nog een"]
    assert status.get_content_type() == "message/delivery-status"
    about, anna, zoe = groups(made)
    assert about == {
        "Reporting-MTA": "dns; mail.example.test",
        "Original-Envelope-Id": "QQ 1",
        "Arrival-Date": "Thu, 09 Oct 2025 08:36:40 +0000",
    }
    assert anna == {
        "Original-Recipient": "rfc822; a@x.test",
        "Final-Recipient": "rfc822; anna@example.test",
        "Action": "failed",
        "Status": "5.7.1",
        "Diagnostic-Code": "smtp; 550 5.7.1 the recipient takes none",
    }
    assert zoe["Final-Recipient"] == "utf-8; zo\\x{EB}@example.test"
    assert returned.get_content_type() == "text/rfc822-headers"
    assert "Subject: Factuur" in returned.get_content()


def test_a_whole_message_comes_back_byte_for_byte() -> None:
    whole = HEADER + b"\r\n\xe2\x82\xac 12\r\n" + b"x" * 2000 + b"\r\n--other--\r\n"
    report = DeliveryReport(
        LETTER,
        "mail.example.test",
        1,
        (Status("a@b.test", Action.FAILED, "5.7.1"),),
        returned=whole,
        is_whole=True,
    )
    message = write_delivery(report, "b0undary")
    assert message.endswith(
        b"message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + whole + b"\r\n--b0undary--\r\n"
    )
    assert parsed(message)["Content-Transfer-Encoding"] == "8bit"


def test_a_disposition() -> None:
    report = DispositionReport(LETTER, "mail.example.test", "anna@example.test", "rfc822;a@x", "<1@energie.test>")
    made = parsed(write_disposition(report, "b0undary"))
    assert made.get_param("report-type") == "disposition-notification"
    (fields,) = groups(made)
    assert fields == {
        "Reporting-UA": "mail.example.test; Postex",
        "Original-Recipient": "rfc822; a@x",
        "Final-Recipient": "rfc822; anna@example.test",
        "Original-Message-ID": "<1@energie.test>",
        "Disposition": "manual-action/MDN-sent-automatically; displayed",
    }


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_value_ends_a_line(envelope_id: str, diagnostic: str) -> None:
    report = DeliveryReport(
        LETTER,
        "mail.example.test",
        1,
        (Status("a@b.test", Action.FAILED, "5.7.1", None, diagnostic),),
        envelope_id,
        message_id=envelope_id,
    )
    message = write_delivery(report, "b0undary")
    status = message.partition(b"message/delivery-status")[2]
    names = [line.partition(b":")[0] for line in status.split(b"\r\n") if b":" in line and not line.startswith(b"--")]
    assert set(names) <= {
        b"Content-Transfer-Encoding",
        b"Reporting-MTA",
        b"Original-Envelope-Id",
        b"Arrival-Date",
        b"Final-Recipient",
        b"Action",
        b"Status",
        b"Diagnostic-Code",
    }
