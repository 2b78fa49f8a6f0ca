"""`postex log`: the log of the running bridge."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postex_tui.answers import answer, as_line, fit
from postex_tui.options import AsJson, Data

if TYPE_CHECKING:
    from postex_tui.client import Api

EVERY = 1.0
"""Seconds between two looks."""
PAGE = 500


def log(
    data: Data,
    level: Annotated[str | None, typer.Option(help="The least: debug, info, warning, error or critical.")] = None,
    event: Annotated[str | None, typer.Option(help="Name of an event, or how it begins, such as smtp.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the last lines of the running bridge's log, oldest first; what they mean stands in docs/logs.md."""
    from itertools import islice

    from postex_tui.client import control

    query = {"level": level, "event": event, "limit": min(limit, PAGE)}
    with control(data) as api:
        lines = list(islice(api.pages("/service-log", **query), limit))[::-1]
        if not follow:
            answer(as_json, {"lines": lines}, "\n".join(map(_line, lines)) or _none(api))
            return
        for each in _followed(api, lines, query):
            typer.echo(as_line(each) if as_json else fit(_line(each)))


def _followed(api: "Api", lines: list[dict[str, Any]], query: Mapping[str, str | int | None]) -> Iterator[Any]:
    """These lines and all that come, until Ctrl-C."""
    import time

    newest = 0
    try:
        while True:
            yield from lines
            newest = max((each["number"] for each in lines), default=newest)
            time.sleep(EVERY)
            lines = list(api.pages("/service-log", **query, newer=newest))[::-1]
    except KeyboardInterrupt:
        return


def _none(api: "Api") -> str:
    return "No such lines." if api.is_online else "No bridge runs here: its log went to standard error."


def _line(line: Mapping[str, Any]) -> str:
    fields = " ".join(f"{name}={value}" for name, value in line["fields"].items())
    return f"{line['timestamp'][:19]}Z  {line['level']:<8}  {line['event']}  {fields}".rstrip()
