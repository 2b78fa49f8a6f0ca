"""`postex explain`: why a document came as it did; with --dry-run how a whole batch would go, without sending it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from postex_tui.answers import FAILED, USAGE, Refusal, answer
from postex_tui.cells import cell
from postex_tui.commands.account import path_of
from postex_tui.options import AsJson, Data

if TYPE_CHECKING:
    from postex_tui.client import Api

ROWS_AT_ONCE = 1000
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
Document = Annotated[
    str | None,
    typer.Argument(help="Id of the document, as its sender was told it; or its Message-ID.", show_default=False),
]
Batch = Annotated[
    Path | None,
    typer.Option(
        "--dry-run",
        help="CSV with a line of headings: recipient, and if you like sender, type, sensitivity. Nothing is sent.",
        show_default=False,
    ),
]


def explain(
    data: Data,
    document: Document = None,
    batch: Batch = None,
    account: Annotated[str, typer.Option(help="Whose document it is: address or id; `me`.")] = "me",
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the dry run to this file.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Tell, step by step, why a document came by the channel it came by; or how a batch would go."""
    from postex_tui.client import control

    if (document is None) is (batch is None):
        raise Refusal("usage", "name a document, or a file with --dry-run", USAGE)
    if batch is not None:
        return _rehearse(data, batch, csv, as_json)
    with control(data) as api:
        found = _explained(api, path_of(account), str(document))
    answer(as_json, found, "\n".join(found["steps"]))
    return 0


def _explained(api: "Api", account: str, document: str) -> Any:
    """By Message-ID where it looks like one."""
    if "@" in document:
        return api.get(f"{account}/explanation", message_id=f"<{document.strip().strip('<>')}>")
    return api.get(f"{account}/deliveries/{quote(document, safe='')}/explanation")


def _rehearse(data: Path, batch: Path, out: Path | None, as_json: bool) -> int:
    """Exit status 1 if lines could not be routed: each is named."""
    from postex_tui.client import control

    rows = list(_rows(batch))
    done: dict[str, Any] = {"rows": [], "bad": [], "channels": {}}
    with control(data) as api:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            _add(done, api.post("/dry-run", {"rows": rows[start : start + ROWS_AT_ONCE]}))
    if out is not None:
        _write(out, done["rows"])
    answer(as_json, done, _words(done, in_file=out is not None))
    return FAILED if done["bad"] else 0


def _add(done: dict[str, Any], part: Mapping[str, Any]) -> None:
    for name in ("rows", "bad"):
        done[name] += part[name]
    for channel, count in part["channels"].items():
        done["channels"][channel] = done["channels"].get(channel, 0) + count


def _rows(batch: Path) -> Iterator[dict[str, Any]]:
    """With the number of their line in the file. Separated by comma, semicolon or tab."""
    import csv

    try:
        with batch.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, dialect=_dialect(file.readline()))
            file.seek(0)
            headings = {name.strip().lower(): name for name in reader.fieldnames or [] if name}
            if "recipient" not in headings:
                raise Refusal("no-headings", f"{batch}: the first line names the columns; recipient is needed", USAGE)
            for row in reader:
                cells = {name: (row[headings[name]] or "").strip()[:LONGEST] for name in COLUMNS if name in headings}
                yield {"line": reader.line_num, **cells}
    except FileNotFoundError:
        raise Refusal("unreadable", f"there is no file {batch}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refusal("unreadable", f"{batch} cannot be read as CSV in UTF-8 ({type(error).__name__})") from None


def _dialect(first: str) -> Any:
    import csv

    class Dialect(csv.excel):
        delimiter = max(",;\t", key=first.count)

    return Dialect


def _write(out: Path, rows: list[dict[str, Any]]) -> None:
    import csv

    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*SHOWN, "reasons"])
            for row in rows:
                writer.writerow([*(cell(row[name]) for name in SHOWN), cell(" ".join(row["reasons"] or []))])
    except OSError as error:
        raise Refusal("unwritable", f"{out} cannot be written ({type(error).__name__})") from None


def _words(done: Mapping[str, Any], *, in_file: bool) -> str:
    lines = (
        [] if in_file else [f"{row['line']}  {row['recipient']}  {row['type']}  {_how(row)}" for row in done["rows"]]
    )
    lines += [f"line {bad['line']}: {bad['problem']}" for bad in done["bad"]]
    totals = [f"{count} {channel}" for channel, count in sorted(done["channels"].items())]
    return "\n".join([*lines, ", ".join([*totals, f"{len(done['bad'])} not routed"])])


def _how(row: Mapping[str, Any]) -> str:
    parts = [row["channel"], "in a folder" if row["folder"] else "", row["ladder"] or ""]
    return "  ".join(part for part in parts if part)
