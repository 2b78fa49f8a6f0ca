"""`postex explain`: why a document came as it did; with --dry-run how a whole batch would go, without sending it."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from postex_tui.answers import FAILED, USAGE, Refusal, answer
from postex_tui.commands.account import path_of
from postex_tui.options import AsJson, Data

if TYPE_CHECKING:
    from postex_tui.client import Api

Document = Annotated[
    str | None,
    typer.Argument(help="Id of the document, as its sender was told it; or its Message-ID.", show_default=False),
]
Batch = Annotated[
    Path | None,
    typer.Option(
        "--dry-run",
        help="CSV with a line of headings: recipient, and if you like sender, type, sensitivity; or a manifest."
        " Nothing is sent.",
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


def _rehearse(data: Path, file: Path, out: Path | None, as_json: bool) -> int:
    """Exit status 1 if lines could not be routed: each is named."""
    from bridge.i18n import text
    from postex_tui.client import control
    from postex_tui.files import batch

    rows, done = batch.rows(file, partial(text, "en")), batch.nothing_yet()
    with control(data) as api:
        for part in batch.parts(rows):
            batch.add(done, api.post("/dry-run", {"rows": part}))
    if out is not None:
        _write(out, batch.as_csv(done["rows"]))
    answer(as_json, done, _words(done, in_file=out is not None))
    return FAILED if done["bad"] else 0


def _write(out: Path, content: str) -> None:
    try:
        out.write_text(content, encoding="utf-8", newline="")
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
