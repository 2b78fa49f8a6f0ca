"""`postex break-glass`: somebody's mailbox opened by two people, for a reason and for hours."""

from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.moments import as_epoch, as_text
from postex_tui.options import AsJson, Code, Data, Email, Password

if TYPE_CHECKING:
    from postex_tui.client import Api

app = typer.Typer(help="Open a mailbox by two people; its owner is told.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="Number of the request.", min=1)]


@app.command("request")
def request(
    email: Email,
    data: Data,
    reason: Annotated[str, typer.Option(help="Why; the owner of the mailbox reads it.", show_default=False)],
    hours: Annotated[int, typer.Option(help="How long it is open, 1 to 72.", min=1, max=72)] = 4,
    bar_basis: Annotated[
        str | None, typer.Option(help="A law that forbids to tell the owner …", show_default=False)
    ] = None,
    bar_until: Annotated[
        str | None, typer.Option(help="… until this day, within a year; then they are told.", show_default=False)
    ] = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Ask for it. Nothing happens before another person approves, within 72 hours."""
    if (bar_basis is None) is not (bar_until is None):
        raise Refusal("usage", "a bar has a basis and an end: give --bar-basis and --bar-until", USAGE)
    body: dict[str, object] = {"account": email, "reason": reason, "hours": hours}
    if bar_until is not None:
        body |= {"bar_basis": bar_basis, "bar_until": as_epoch(bar_until)}
    found = _asked(data, password, code, lambda api: api.post("/break-glass", body))
    answer(
        as_json,
        found,
        f"{_line(found)}\nAnother admin or an owner approves it: postex break-glass approve {found['id']}",
    )


@app.command("approve")
def approve(
    number: Number, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False
) -> None:
    """As the second person. The owner of the mailbox is told at once, unless a law forbids it."""
    found = _asked(data, password, code, lambda api: api.post(f"/break-glass/{number}/approval"))
    told = "The owner of the mailbox was told."
    if found["told_at"] is None:
        told = f"The owner of the mailbox will be told on {as_text(found['bar_until'])} UTC."
    answer(as_json, found, f"{_line(found)}\n{told}")


@app.command("open")
def open_mailbox(
    number: Number, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False
) -> None:
    """Open what you asked for: a device password that reads, shown this once."""
    found = _asked(data, password, code, lambda api: api.post(f"/break-glass/{number}/opening"))
    words = (
        f"Reads, and nothing else, until {as_text(found['ends_at'])} UTC; each sign-in stands in the audit log:\n"
        f"  user      {found['username']}\n  password  {found['password']}"
    )
    answer(as_json, found, words)


@app.command("revoke")
def revoke(number: Number, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """End it at once, or withdraw the request."""
    found = _asked(data, password, code, lambda api: api.delete(f"/break-glass/{number}"))
    answer(as_json, found, _line(found))


@app.command("list")
def listing(
    data: Data,
    limit: Annotated[int, typer.Option(min=1, help="Most requests.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List requests, newest first."""
    from postex_tui.client import control

    with control(data) as api:
        found = list(islice(api.pages("/break-glass", limit=min(limit, 500)), limit))
    answer(as_json, {"requests": found}, "\n".join(map(_line, found)) or "No requests.")


def _line(found: Mapping[str, Any]) -> str:
    """Number, mailbox, state with its time, reason."""
    at = {
        "requested": ("until", found["lapses_at"]),
        "approved": ("until", found["lapses_at"]),
        "open": ("until", found["ends_at"]),
        "ended": ("since", found["ends_at"]),
        "lapsed": ("since", found["lapses_at"]),
        "revoked": ("since", found["revoked_at"]),
    }
    word, moment = at[found["state"]]
    mailbox = found["email"] or found["account"]
    state = f"{found['state']} {word} {as_text(moment)}"
    return f"{found['id']:>5}  {mailbox}  {found['hours']} h  {state}  {found['reason'] or ''}".rstrip()


def _asked(data: Path, password: str | None, code: str | None, call: "Callable[[Api], Any]") -> Any:
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        return asking.stepped_up(api, password, code, lambda: call(api))
