"""How old something is, as people say it."""

from bridge.i18n import N_
from postex_tui.screens.words.accounts import Say

HOUR, DAY = 3600, 86_400
HOURS = N_("{count} hours ago")
DAYS = N_("{count} days ago")
JUST_NOW = N_("within the last hour")


def ago(say: Say, at: int, now: int) -> str:
    """`now` is the bridge's own time."""
    age = max(0, now - at)
    if age < HOUR:
        return say(JUST_NOW)
    return say(HOURS, count=age // HOUR) if age < 2 * DAY else say(DAYS, count=age // DAY)
