"""Nothing planted in an event, an exception or a foreign record comes out; what operators need does."""

import asyncio
import gc
import io
import json
import logging
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from bridge import logs
from bridge.log_events import MEANINGS

CANARY = "kanarie7f3a"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    out = io.StringIO()
    logs.configure("debug", out)
    yield out
    logging.captureWarnings(False)
    root.handlers[:], root.level = before
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_keeps_ids_and_counts(stream: io.StringIO) -> None:
    structlog.get_logger("bridge.smtp").info("document.accepted", document_id="k2fq", recipients_count=3, bytes=5120)
    (line,) = lines(stream)
    timestamp = line.pop("timestamp")
    assert timestamp.endswith("Z")
    assert line == {
        "level": "info",
        "logger": "bridge.smtp",
        "event": "document.accepted",
        "document_id": "k2fq",
        "recipients_count": 3,
        "bytes": 5120,
    }


@pytest.mark.parametrize(
    "field",
    [
        "subject",
        "body",
        "address",
        "mail_from",
        "rcpt_email",
        "password",
        "secret",
        "filename",
        "path",
        "line",
        "error",
    ],
)
def test_fields_that_promise_content_are_cut(stream: io.StringIO, field: str) -> None:
    structlog.get_logger("x").info("event", **{field: CANARY})
    assert CANARY not in stream.getvalue()
    assert lines(stream)[0][field] == logs.REDACTED


@pytest.mark.parametrize(
    "value",
    [f"{CANARY}@example.test", f"px1-{CANARY}", f"a\r\n{CANARY}", CANARY.encode(), {"x": CANARY}, [f"{CANARY}@x"]],
)
def test_values_that_look_like_content_are_cut(stream: io.StringIO, value: object) -> None:
    structlog.get_logger("x").info("event", detail=value)
    assert CANARY not in stream.getvalue()


def test_what_is_kept_is_what_was_written_and_no_more_than_room(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = logs.Recent(3)
    monkeypatch.setattr(logs, "recent", kept)
    for number in range(5):
        structlog.get_logger("x").info("event", number=number, subject=CANARY)
    found = kept.newest_first()
    assert [each.content for each in found] == lines(stream)[:1:-1]
    assert [each.number for each in found] == sorted((each.number for each in found), reverse=True)
    assert CANARY not in str(found)


def test_meanings_are_those_of_the_manual() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "logs.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?`) \| [a-z, ]+ \| (.*) \|$", manual, re.MULTILINE)
    told = {name: words for names, words in rows for name in re.findall(r"`([a-z_.]+)`", names)}
    assert told == MEANINGS


def test_an_address_in_the_event_itself_is_cut(stream: io.StringIO) -> None:
    structlog.get_logger("x").warning(f"refused {CANARY}@example.test")
    assert CANARY not in stream.getvalue()


def test_an_exception_shows_type_and_place_only(stream: io.StringIO) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        structlog.get_logger("x").exception("failed")
    (line,) = lines(stream)
    assert CANARY not in stream.getvalue()
    assert line["error_type"] == "ValueError"
    assert line["error_at"][-1].startswith("ValueError bridge/test_logs.py:")


def test_members_of_a_group_are_shown(stream: io.StringIO) -> None:
    async def fail() -> None:
        raise OSError(CANARY)

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(both())
    structlog.get_logger("x").error("failed", exc_info=raised.value)
    assert CANARY not in stream.getvalue()
    assert lines(stream)[0]["error_at"][-1].startswith("OSError bridge/test_logs.py:")


@pytest.mark.parametrize("name", ["mail.log", "mail.debug", "mail.error", "asyncio", "some.library"])
@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR])
def test_foreign_records_never_say_what_they_hold(stream: io.StringIO, name: str, level: int) -> None:
    logging.getLogger(name).log(level, f"{CANARY} %s", CANARY)
    assert CANARY not in stream.getvalue()
    for line in lines(stream):
        assert line["written_at"].startswith("test_logs:")


def test_foreign_errors_are_still_heard(stream: io.StringIO) -> None:
    logging.getLogger("mail.log").error("Exception while handling %s", CANARY, exc_info=RuntimeError(CANARY))
    (line,) = lines(stream)
    assert (line["logger"], line["level"], line["error_type"]) == ("mail.log", "error", "RuntimeError")


def test_a_task_that_dies_unseen_is_heard_without_its_text(stream: io.StringIO) -> None:
    async def abandon() -> None:
        async def fail() -> None:
            raise RuntimeError(CANARY)

        task = asyncio.ensure_future(fail())
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(abandon())
    gc.collect()
    assert CANARY not in stream.getvalue()
    assert [line["logger"] for line in lines(stream)] == ["asyncio"]


def test_nothing_a_terminal_would_obey_gets_out(stream: io.StringIO) -> None:
    structlog.get_logger("x").info("event", detail="\x1b]0;title\x07 \u202e\x9b")
    assert stream.getvalue().isascii()
    assert stream.getvalue().rstrip("\n").isprintable()


def test_level_holds_back_what_is_below(stream: io.StringIO) -> None:
    logs.configure("warning", stream)
    structlog.get_logger("x").info("quiet")
    structlog.get_logger("x").warning("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


@pytest.mark.parametrize(
    "failing",
    [
        "raise ValueError(canary)",
        "threading.Thread(target=lambda: int(canary)).start()",
        "weakref.finalize(type('C', (), {})(), int, canary)",
    ],
)
def test_what_nobody_caught_prints_no_text(failing: str) -> None:
    program = f"import threading, weakref; from bridge import logs; logs.configure(); canary = {CANARY!r}; {failing}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert CANARY not in done.stderr
    assert json.loads(done.stderr)["error_type"] == "ValueError"


def test_warnings_say_where_and_not_what(stream: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(CANARY, stacklevel=1)
    assert CANARY not in stream.getvalue()
    assert lines(stream)[0]["logger"] == "py.warnings"
