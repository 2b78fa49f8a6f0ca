"""Local hours: when a notice may come (D14). Pure: epoch seconds in, epoch seconds out.

A day of 23 or 25 hours has its minutes as the clock on the wall shows them: one that is left out comes when it would
have been, one that is shown twice counts at the first time that is still to come.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from storage.deliveries.terms import JobKind, NewJob, Notify, Quiet

DAYS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Hours:
    """When notices go, by the settings."""

    timezone: str = "Europe/Amsterdam"
    """IANA name."""
    digest: int = 17 * 60
    """Minute of the local day at which the daily one is due."""
    collect: int = 120
    """Seconds for which arrivals are gathered before a notice of them goes."""

    def next_at(self, minute: int, after: int) -> int:
        """The first time later than `after` at which the wall clock shows this minute."""
        return min(at for at in self._moments(minute, after) if at > after)

    def is_quiet(self, quiet: Quiet, at: int) -> bool:
        shown = self._local(at)
        minute = shown.hour * 60 + shown.minute
        if quiet.start <= quiet.end:
            return quiet.start <= minute < quiet.end
        return minute >= quiet.start or minute < quiet.end

    def after_quiet(self, quiet: Quiet | None, at: int) -> int:
        """`at`, or the end of the quiet hours that it lies in."""
        if quiet is None or not self.is_quiet(quiet, at):
            return at
        ends = self._moments(quiet.end, at)
        return min(end for end in ends if end > at and not self.is_quiet(quiet, end))

    def day(self, at: int) -> str:
        """The local day, ISO 8601."""
        return self._local(at).date().isoformat()

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at, ZoneInfo(self.timezone))

    def _moments(self, minute: int, around: int) -> Iterator[int]:
        """When the wall clock shows `minute`, on the days about this time; a doubtful one in both readings."""
        zone, today = ZoneInfo(self.timezone), self._local(around).date()
        for day in range(DAYS_AHEAD):
            shown = datetime.combine(today + timedelta(day), time(*divmod(minute, 60)), zone)
            yield from {int(shown.replace(fold=fold).timestamp()) for fold in (0, 1)}


def notice_key(account_id: int, mode: Notify, mark: str | int) -> str:
    """Of the job that tells an account of arrivals: one per account and window, or account and day."""
    return f"notice:{account_id}:{mode}:{mark}"


def notice_job(account_id: int, mode: Notify, quiet: Quiet | None, now: int, hours: Hours, payload: bytes) -> NewJob:
    """The job of a notice for what arrives now: at once, but gathered for a while, or with the next daily one."""
    if mode is Notify.DAILY:
        at = hours.next_at(hours.digest, now)
        due_at, mark = hours.after_quiet(quiet, at), hours.day(at)
    else:
        at = now + hours.collect
        due_at = hours.after_quiet(quiet, at)
        mark = f"{now // hours.collect if due_at == at else f'after-{due_at}'}"
    return NewJob(JobKind.NOTICE, notice_key(account_id, mode, mark), due_at, payload, of_account=True)
