"""Dates of the protocol, both ways: `date` of SEARCH and `date-time` of INTERNALDATE and APPEND (RFC 3501 section 9).

Month names are English and matched without regard to case. Moments are whole seconds since the epoch, UTC; zones are
minutes east of UTC.
"""

import re
import time
from datetime import UTC, date, datetime, timedelta

from bridge.imap.protocol.errors import ParseError

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER_OF_MONTH = {name.lower().encode(): number for number, name in enumerate(_MONTHS, 1)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_DATE = re.compile(rb"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})")
_DATE_TIME = re.compile(
    rb" ?([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})"
)


def parse_date(text: bytes) -> date:
    """`date-text`: `1-Feb-1994`; ParseError if it is none or no such day exists."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise ParseError("Date expected, as in 1-Feb-1994")
    return _day(found)


def parse_date_time(text: bytes) -> int:
    """`date-time` without its quotes: ` 1-Feb-1994 09:30:00 +0100`. The pad of the day may be left out."""
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        raise ParseError('Date and time expected, as in " 1-Feb-1994 09:30:00 +0100"')
    day, (hour, minute, second) = _day(found), (int(part) for part in found.group(4, 5, 6))
    zone = (int(found[8]) * 60 + int(found[9])) * (-1 if found[7] == b"-" else 1)
    if int(found[9]) > 59:
        raise ParseError("No such time zone")
    try:
        moment = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise ParseError("No such time of day") from None
    return (moment - _EPOCH) // timedelta(seconds=1) - zone * 60


def _day(found: re.Match[bytes]) -> date:
    month = _NUMBER_OF_MONTH.get(found[2].lower())
    if month is None:
        raise ParseError("No such month")
    try:
        return date(int(found[3]), month, int(found[1]))
    except ValueError:
        raise ParseError("No such day") from None


def date_text(day: date) -> bytes:
    """`date-text` of `day`, for tests and clients."""
    return b"%d-%s-%04d" % (day.day, _MONTHS[day.month - 1].encode(), day.year)


def date_time(moment: int, zone: int = 0) -> bytes:
    """`date-time` with its quotes and a space-padded day; `zone` in minutes east of UTC."""
    year, month, day, hour, minute, second, *_ = time.gmtime(moment + zone * 60)
    sign, (hours, minutes) = ("-" if zone < 0 else "+"), divmod(abs(zone), 60)
    day_text = f"{day:2d}-{_MONTHS[month - 1]}-{year:04d}"
    return f'"{day_text} {hour:02d}:{minute:02d}:{second:02d} {sign}{hours:02d}{minutes:02d}"'.encode("ascii")
