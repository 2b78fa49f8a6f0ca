"""When something was, and how long ago."""

from bridge.i18n import N_
from postex_tui.language import Say
from postex_tui.moments import as_text

HOUR, DAY = 3600, 86_400
HOURS = N_("{count} hours ago")
DAYS = N_("{count} days ago")
JUST_NOW = N_("within the last hour")


def moment(at: int | None) -> str | None:
    """Such as `2026-11-01 08:30`, in UTC."""
    return None if at is None else minute(at)


def minute(at: int) -> str:
    """The same of a time that is known."""
    return as_text(at)[:16]


def day(at: int | None) -> str:
    """Such as `2026-11-01`, in UTC; nothing where there is none."""
    return (moment(at) or "")[:10]


def ago(say: Say, at: int, now: int) -> str:
    """`now` is the bridge's own time."""
    age = max(0, now - at)
    if age < HOUR:
        return say(JUST_NOW)
    return say(HOURS, count=age // HOUR) if age < 2 * DAY else say(DAYS, count=age // DAY)
