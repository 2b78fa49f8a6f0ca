"""A list of documents to be tried in advance: read from a file, asked in parts, kept as CSV (D4).

Contract. `rows` reads CSV with a line of headings (recipient, and if wanted sender, type, sensitivity), or a manifest
(`count,N`, then `<message-id>,recipient`); UTF-8, separated by comma, semicolon or tab. It reads at most `MOST_BYTES`
and gives the number of each line as it stands in the file. What cannot be read is a `Refusal` in the reader's words
that names the line. `say` gives these words.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.i18n import N_
from postex_tui.answers import USAGE, Refusal
from postex_tui.files.cells import cell
from postex_tui.language import Say

ROWS_AT_ONCE = 1000
MOST_BYTES = 64 * 2**20
LONGEST = 400
"""Characters of a cell: what is longer is no address, and is told as such."""
COLUMNS = ("recipient", "sender", "type", "sensitivity")
SHOWN = (
    "line",
    "recipient",
    "sender",
    "type",
    "sensitivity",
    "channel",
    "folder",
    "notify",
    "ladder",
    "retention_days",
)
NO_FILE = N_("There is no file {file}.")
UNREADABLE = N_("{file} cannot be read ({reason}).")
TOO_LARGE = N_("{file} is larger than {megabytes} MB.")
NOT_TEXT = N_("{file}, line {line}: that is no text in UTF-8.")
NOT_CSV = N_("{file}, line {line}: that is no CSV. Is a quotation mark left open?")
NO_HEADINGS = N_("{file}, line 1: the first line names the columns; recipient is needed.")
NOTHING = N_("{file} holds no line but its headings.")


def rows(file: Path, say: Say) -> list[dict[str, Any]]:
    """As POST /v1/dry-run takes them. Refusal."""
    content = _text(file, say)
    first = content.partition("\n")[0]
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        found = list(_rows(reader, file, say))
    except csv.Error:
        raise _refusal("unreadable", say(NOT_CSV, file=file, line=reader.line_num)) from None
    if not found:
        raise _refusal("unreadable", say(NOTHING, file=file))
    return found


def parts(found: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """As many at once as the bridge answers soon."""
    for start in range(0, len(found), ROWS_AT_ONCE):
        yield found[start : start + ROWS_AT_ONCE]


def nothing_yet() -> dict[str, Any]:
    """What `add` adds to."""
    return {"rows": [], "bad": [], "channels": {}}


def add(done: dict[str, Any], part: Mapping[str, Any]) -> None:
    """The answer for one of the parts."""
    for name in ("rows", "bad"):
        done[name] += part[name]
    for channel, count in part["channels"].items():
        done["channels"][channel] = done["channels"].get(channel, 0) + count


def as_csv(routed: Iterable[Mapping[str, Any]]) -> str:
    """A line for each row that can be routed, RFC 4180."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([*SHOWN, "reasons"])
    for row in routed:
        told = {**row, "folder": "yes" if row["folder"] else "no"}  # which one is for the recipient alone to know
        writer.writerow([*(cell(told[name]) for name in SHOWN), cell(" ".join(row["reasons"] or []))])
    return written.getvalue()


def _text(file: Path, say: Say) -> str:
    try:
        with file.expanduser().open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except (FileNotFoundError, RuntimeError, ValueError):  # the home of nobody; a NUL
        raise _refusal("unreadable", say(NO_FILE, file=file)) from None
    except OSError as error:
        raise _refusal("unreadable", say(UNREADABLE, file=file, reason=error.strerror)) from None
    if len(content) > MOST_BYTES:
        raise _refusal("unreadable", say(TOO_LARGE, file=file, megabytes=MOST_BYTES // 2**20))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refusal("unreadable", say(NOT_TEXT, file=file, line=line)) from None


def _rows(reader: Any, file: Path, say: Say) -> Iterator[dict[str, Any]]:
    first = [heading.strip().lower() for heading in next(reader, [])]
    if first[:1] == ["count"]:
        columns = {"recipient": 1}
    else:
        columns = {name: first.index(name) for name in COLUMNS if name in first}
    if "recipient" not in columns:
        raise _refusal("no-headings", say(NO_HEADINGS, file=file), USAGE)
    for row in reader:
        if row:
            cells = {name: row[at].strip()[:LONGEST] if at < len(row) else "" for name, at in columns.items()}
            yield {"line": reader.line_num, **cells}


def _refusal(code: str, words: str, status: int = 1) -> Refusal:
    return Refusal(code, words, status)
