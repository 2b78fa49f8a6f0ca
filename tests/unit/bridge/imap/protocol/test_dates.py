"""Dates both ways, and days that are none."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.imap.protocol import dates
from bridge.imap.protocol.errors import ParseError

MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC)).map(
    lambda at: at.replace(microsecond=0)
)
ZONES = st.integers(-14 * 60, 14 * 60)


@given(MOMENTS, ZONES)
def test_date_time_comes_back(at: datetime, zone: int) -> None:
    moment = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    wire = dates.date_time(moment, zone)
    assert dates.parse_date_time(wire.strip(b'"')) == moment
    assert len(wire) == len(b'" 1-Feb-1994 09:30:00 +0100"')
    local = at.astimezone(timezone(timedelta(minutes=zone)))
    assert wire[1:3] == b"%2d" % local.day


@given(st.dates())
def test_date_comes_back(day: date) -> None:
    assert dates.parse_date(dates.date_text(day)) == day


def test_the_form_that_clients_are_given() -> None:
    assert dates.date_time(0) == b'" 1-Jan-1970 00:00:00 +0000"'
    assert dates.date_time(837596665, -420) == b'"17-Jul-1996 02:44:25 -0700"'
    assert dates.parse_date_time(b"17-Jul-1996 02:44:25 -0700") == 837596665


@pytest.mark.parametrize(
    "text",
    [b"", b"1-1-2020", b"30-Feb-2020", b"0-Jan-2020", b"1-Foo-2020", b"1-Jan-0000", b"1-Jan-20", b"001-Jan-2020"],
)
def test_no_such_date(text: bytes) -> None:
    with pytest.raises(ParseError):
        dates.parse_date(text)


@pytest.mark.parametrize(
    "rest",
    [
        b"",
        b" 24:00:00 +0000",
        b" 00:60:00 +0000",
        b" 00:00:60 +0000",
        b" 00:00:00",
        b" 00:00:00 0000",
        b" 00:00:00 +0060",
    ],
)
def test_no_such_time(rest: bytes) -> None:
    with pytest.raises(ParseError):
        dates.parse_date_time(b" 1-Jan-2020" + rest)
