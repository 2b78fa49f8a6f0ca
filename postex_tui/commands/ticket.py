"""`postex ticket`: questions to support@, privacy@ and postmaster@, and their answers (S5, S31)."""

import sys
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from postex_tui.answers import answer
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Data

app = typer.Typer(help="Questions to the desks of your domains.", no_args_is_help=True)
Number = Annotated[str, typer.Argument(help="Such as 2026-7K3M9QXB.", show_default=False)]


@app.command("list")
def listing(
    data: Data,
    closed: Annotated[bool, typer.Option("--closed", help="Those that are closed.")] = False,
    as_json: AsJson = False,
) -> None:
    """List open questions, newest first."""
    from postex_tui.client import control

    with control(data) as api:
        found = list(api.pages("/tickets", state="closed" if closed else "open"))
    answer(as_json, {"tickets": found}, "\n".join(map(_line, found)) or "No questions.")


@app.command("show")
def show(number: Number, data: Data, as_json: AsJson = False) -> None:
    """Who asked which desk, and when. The question itself lies in your mailbox, with the number in `Comments`."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(f"/tickets/{quote(number, safe='')}")
    answer(as_json, found, _line(found))


@app.command("answer")
def reply(
    number: Number,
    data: Data,
    text: Annotated[
        str | None, typer.Option(help="The answer; standard input if left out.", show_default=False)
    ] = None,
    keep_open: Annotated[bool, typer.Option("--keep-open", help="There is more to come.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answer into the writer's mailbox, and close the question."""
    from postex_tui.client import control

    body = {"text": sys.stdin.read() if text is None else text, "keep_open": keep_open}
    with control(data) as api:
        found = api.post(f"/tickets/{quote(number, safe='')}/answer", body)
    answer(as_json, found, _line(found))


@app.command("close")
def close(number: Number, data: Data, as_json: AsJson = False) -> None:
    """Nothing more is to be done."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.post(f"/tickets/{quote(number, safe='')}/close")
    answer(as_json, found, _line(found))


def own(data: Data, as_json: AsJson = False) -> None:
    """What you asked support, privacy and postmaster, newest first."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/accounts/me/tickets")
    answer(as_json, {"tickets": found}, "\n".join(map(_line, found)) or "You asked nothing.")


def _line(ticket: Mapping[str, Any]) -> str:
    end = f"closed {as_text(ticket['closed_at'])}" if ticket["closed_at"] is not None else "open"
    at, writer = as_text(ticket["opened_at"]), ticket["writer"] or "outside"
    return f"{ticket['number']}  {ticket['desk']}@{ticket['domain']}  {writer}  {at} UTC  {end}"
