"""Times as people write and read them on the command line: UTC, days and minutes."""

from datetime import UTC, datetime

from postex_tui.answers import USAGE, Refusal


def as_text(at: int) -> str:
    """Such as `2026-11-01 08:30:05`."""
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return str(at)


def as_epoch(text: str) -> int:
    """Epoch seconds of an ISO 8601 day or time; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        words = f"{text[:40]!r} is no time; write 2026-11-01 or 2026-11-01T08:30"
        raise Refusal("no-time", words, USAGE, [{"given": text}]) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
