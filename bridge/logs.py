"""Logs: one JSON object a line on standard error; the schema stands in docs/logs.md.

Contract (S19): no subject, body, address, file name, password or text of an exception gets out. Our own events are
short names with ids and counts; `redact` is the net below them. Records of foreign loggers (asyncio, aiosmtpd) carry
where they were written and never what they say, as aiosmtpd's debug lines hold whole documents. The last lines stay
in `recent`, as they were written.
"""

import json
import logging
import re
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TextIO

import structlog

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
MOST_RECENT = 5000
OWN = frozenset({"timestamp", "level", "logger", "event"})
CONTENT_NAMES = re.compile(
    r"subject|body|header|address|e?mail|recipient|sender|user|login|password|secret|code|token|key|text|line|name|file"
    r"|path|message|exception|error",
    re.ASCII,
)
"""Parts of a field's name that promise content."""
HARMLESS = re.compile(r"[a-z_]*_(id|ids|count|bytes|ms|type|kind|seconds)|error_at", re.ASCII)
"""Names that say which measure or pseudonym they hold, and so win over `CONTENT_NAMES`."""
CONTENT_VALUES = re.compile(r"@|px1-|[\r\n]")
"""An address, a device password, or more than one line."""
LONGEST = 120
FRAMES = 12
"""Innermost places of an exception that are written."""
REDACTED = "[redacted]"

Event = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """A line as it stands in the log."""

    number: int
    """Grows with each line, from one start of the process to the next too."""
    content: Mapping[str, Any]


class Recent:
    """The last lines of this process; any thread may write."""

    def __init__(self, most: int) -> None:
        self._lines: deque[Written] = deque(maxlen=most)
        self._lock = threading.Lock()
        self._last = time.time_ns() // 1_000_000

    def keep(self, content: Mapping[str, Any]) -> None:
        """What `redact` let through."""
        with self._lock:
            self._last += 1
            self._lines.append(Written(self._last, content))

    def newest_first(self) -> list[Written]:
        with self._lock:
            return list(reversed(self._lines))


recent = Recent(MOST_RECENT)
"""Of this process; workers of their own write to standard error alone."""


class LineLogger:
    """Writes finished lines; remembers which module asked for it."""

    def __init__(self, stream: TextIO | None, name: str) -> None:
        """None: what standard error is at the time of writing."""
        self._stream = stream
        self.name = name

    def msg(self, line: str) -> None:
        """One write a line, so that lines of several threads never mix."""
        stream = self._stream or sys.stderr
        stream.write(line + "\n")
        stream.flush()

    debug = info = warning = error = critical = exception = msg


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send all logs of this process, structlog's and the standard library's, through the one redacting chain."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *names: LineLogger(stream, str(names[0]) if names else "postex"),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [ForeignRecords()]
    root.setLevel(logging.WARNING)
    for name in ("mail.log", "mail.debug", "mail.error", "asyncio"):  # aiosmtpd's three, and the loop's own
        logging.getLogger(name).setLevel(logging.ERROR)
        logging.getLogger(name).propagate = True
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda hook: _uncaught(hook.exc_type, hook.exc_value, hook.exc_traceback)
    sys.unraisablehook = lambda hook: _uncaught(hook.exc_type, hook.exc_value, hook.exc_traceback)


class ForeignRecords(logging.Handler):
    """Turns a record of the standard library into an event without its message and arguments."""

    def emit(self, record: logging.LogRecord) -> None:
        write: Callable[..., Any] = structlog.get_logger(record.name).error
        if record.levelno < logging.ERROR:
            write = structlog.get_logger(record.name).warning
        write("foreign_record", written_at=f"{record.module}:{record.lineno}", exc_info=record.exc_info)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
    """A traceback on standard error would print the exception's text."""
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("postex").error("uncaught", exc_info=(kind, error, trace))


def redact(_logger: object, _method: str, event: Event) -> Event:
    """Cut everything that may hold content, and reduce an exception to its type and places."""
    cause = _exception(event.pop("exc_info", None))
    for name, value in event.items():
        if name not in OWN:
            event[name] = _safe(name, value)
    event["event"] = _short(str(event["event"]))
    if cause is not None:
        event["error_type"] = type(cause).__name__
        event["error_at"] = places(cause)
    return event


def _safe(name: str, value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if CONTENT_NAMES.search(name) and not HARMLESS.fullmatch(name):
        return REDACTED
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(name, each) for each in list(value)[:20]]
    return _short(str(value)) if isinstance(value, str) else REDACTED


def _short(text: str) -> str:
    return REDACTED if CONTENT_VALUES.search(text) else text[:LONGEST]


def _exception(info: object) -> BaseException | None:
    """`exc_info` as structlog and logging pass it: True, an exception, or the triple."""
    if isinstance(info, BaseException):
        return info
    if isinstance(info, tuple):
        return info[1] if isinstance(info[1], BaseException) else None
    return sys.exc_info()[1] if info else None


def places(error: BaseException) -> list[str]:
    """`Type module:line` of the innermost frames; for a group, of each member."""
    if isinstance(error, BaseExceptionGroup):
        return [place for member in error.exceptions[:5] for place in places(member)][: 2 * FRAMES]
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    files = (f"{'/'.join(frame.filename.rsplit('/', 2)[-2:])}:{frame.lineno}" for frame in frames)
    return [f"{type(error).__name__} {file}" for file in files]


def _render(_logger: object, _method: str, event: Event) -> str:
    """ASCII, so that no control or direction character reaches a terminal."""
    first = {name: event.pop(name) for name in ("timestamp", "level", "logger", "event") if name in event}
    content = {**first, **event}
    recent.keep(content)
    return json.dumps(content, ensure_ascii=True)
