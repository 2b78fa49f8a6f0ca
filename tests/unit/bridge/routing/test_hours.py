"""Quiet hours and the daily hour, on days of 23, 24 and 25 hours (Europe/Amsterdam, 2026)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.routing.hours import Hours, notice_job
from storage.deliveries.terms import DAY, Notify, Quiet

ZONE = ZoneInfo("Europe/Amsterdam")
HOURS = Hours()
NIGHT = Quiet.parse("22:00-07:00")


def at(text: str, fold: int = 0) -> int:
    """Local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE, fold=fold).timestamp())


def local(moment: int) -> str:
    return datetime.fromtimestamp(moment, ZONE).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-06-10 21:59", "06-10 21:59"),
        ("2026-06-10 22:00", "06-11 07:00"),
        ("2026-06-11 03:00", "06-11 07:00"),
        ("2026-06-11 07:00", "06-11 07:00"),
        ("2026-03-28 23:00", "03-29 07:00"),  # 23 hours: the night is one shorter
        ("2026-10-24 23:00", "10-25 07:00"),  # 25 hours: one longer
    ],
)
def test_quiet_hours_end_when_the_clock_on_the_wall_says_so(now: str, end: str) -> None:
    assert local(HOURS.after_quiet(NIGHT, at(now))) == end


def test_a_night_has_as_many_seconds_as_it_has() -> None:
    assert HOURS.after_quiet(NIGHT, at("2026-03-28 22:00")) - at("2026-03-28 22:00") == 8 * 3600
    assert HOURS.after_quiet(NIGHT, at("2026-10-24 22:00")) - at("2026-10-24 22:00") == 10 * 3600


def test_an_end_that_the_clock_leaves_out_comes_when_it_would_have_been() -> None:
    quiet = Quiet.parse("23:00-02:30")
    assert local(HOURS.after_quiet(quiet, at("2026-03-29 01:00"))) == "03-29 03:30"


def test_an_end_that_the_clock_shows_twice() -> None:
    quiet = Quiet.parse("23:00-02:30")
    first, second = at("2026-10-25 02:30"), at("2026-10-25 02:30", fold=1)
    assert HOURS.after_quiet(quiet, at("2026-10-25 01:00")) == first
    assert HOURS.after_quiet(quiet, at("2026-10-25 02:10", fold=1)) == second
    assert second - first == 3600


def test_hours_that_begin_where_they_end_are_none() -> None:
    assert HOURS.after_quiet(Quiet.parse("07:00-07:00"), at("2026-06-10 07:00")) == at("2026-06-10 07:00")


@given(st.integers(at("2026-01-01 00:00"), at("2027-01-01 00:00")), st.integers(0, 1439), st.integers(0, 1439))
def test_the_end_is_never_quiet_and_within_a_day(now: int, start: int, end: int) -> None:
    quiet = Quiet(start, end)
    until = HOURS.after_quiet(quiet, now)
    assert now <= until <= now + 25 * 3600
    assert not HOURS.is_quiet(quiet, until)
    assert (until == now) == (not HOURS.is_quiet(quiet, now))


@given(st.integers(at("2026-01-01 00:00"), at("2027-01-01 00:00")), st.integers(0, 1439))
def test_the_daily_hour_comes_once_a_day(now: int, minute: int) -> None:
    first = HOURS.next_at(minute, now)
    assert now < first <= now + 25 * 3600
    days = [first]
    for _ in range(3):
        days.append(HOURS.next_at(minute, days[-1] + 3600))
    assert len({HOURS.day(each) for each in days}) == 4


def test_what_arrives_together_has_one_job() -> None:
    start = 120 * (at("2026-06-10 12:00") // 120)
    made = {notice_job(7, Notify.AT_ONCE, None, start + second, HOURS, b"").key for second in range(120)}
    assert len(made) == 1
    assert notice_job(7, Notify.AT_ONCE, None, start, HOURS, b"").due_at == start + 120


def test_what_arrives_at_night_has_one_job_in_the_morning() -> None:
    jobs = [
        notice_job(7, Notify.AT_ONCE, NIGHT, at(f"2026-06-{day} {hour}"), HOURS, b"")
        for day, hour in ((10, "22:30"), (11, "01:00"), (11, "06:55"))
    ]
    assert {local(job.due_at) for job in jobs} == {"06-11 07:00"}
    assert len({job.key for job in jobs}) == 1


@pytest.mark.parametrize(
    ("now", "due", "quiet"),
    [
        ("2026-06-10 16:59", "06-10 17:00", None),
        ("2026-06-10 17:00", "06-11 17:00", None),
        ("2026-03-28 18:00", "03-29 17:00", None),
        ("2026-10-24 18:00", "10-25 17:00", None),
        ("2026-06-10 12:00", "06-10 18:30", "16:00-18:30"),
    ],
)
def test_the_daily_notice_is_one_for_an_account_and_a_day(now: str, due: str, quiet: str | None) -> None:
    job = notice_job(7, Notify.DAILY, None if quiet is None else Quiet.parse(quiet), at(now), HOURS, b"")
    assert local(job.due_at) == due
    assert job.key == f"notice:7:daily:2026-{due[:5]}"
    assert job.of_account
    assert job.due_at - at(now) <= 2 * DAY
