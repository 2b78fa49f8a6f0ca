"""Delivery status notifications read: what they say, the worst of several, and whatever is thrown at it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mail import status_reports
from bridge.mail.status_reports import Outcome, StatusReport
from tests.costs import at_most


def report(*groups: str, kind: str = "message/delivery-status") -> bytes:
    fields = "\r\n\r\n".join(("Reporting-MTA: dns; relay.test", *groups))
    return (
        "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nAction: failed\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n{fields}\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        "Subject: Action: failed\r\n\r\nAction: failed\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        (("Action: failed\r\nStatus: 5.1.1",), StatusReport(Outcome.FAILED, "5.1.1")),
        (("Status: 5.1.1 (no such\r\n user)\r\nAction: Failed (really)",), None),
        (("Action: FAILED\r\nStatus: 2.0.0",), StatusReport(Outcome.FAILED, "5.0.0")),
        (("Action: delayed\r\nStatus: 4.4.1",), StatusReport(Outcome.DELAYED, "4.4.1")),
        (
            ("Action: delivered\r\nStatus: 2.0.0", "Action: failed\r\nStatus: 5.2.2"),
            StatusReport(Outcome.FAILED, "5.2.2"),
        ),
        (("Action: relayed",), StatusReport(Outcome.RELAYED, "2.0.0")),
        (("Action: exploded\r\nStatus: 5.1.1",), None),
        ((), None),
    ],
)
def test_what_a_report_says(groups: tuple[str, ...], found: StatusReport | None) -> None:
    assert status_reports.read(report(*groups)) == found


def test_international_reports_are_read_too() -> None:
    found = status_reports.read(report("Action: failed\r\nStatus: 5.6.7", kind="message/global-delivery-status"))
    assert found == StatusReport(Outcome.FAILED, "5.6.7")


@given(st.binary(max_size=400))
def test_nothing_makes_it_raise(octets: bytes) -> None:
    status_reports.read(octets)
    status_reports.read(report().replace(b"Reporting-MTA", octets))


def test_a_huge_report_takes_no_time() -> None:
    with at_most(2):
        status_reports.read(report(*["Action: delayed\r\nStatus: 4.0.0"] * 200_000))
        status_reports.read(report("Status: " + "(" * 500_000))
