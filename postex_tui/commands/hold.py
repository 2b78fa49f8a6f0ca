"""`postex hold`: keep an account or a document from being erased, for a time."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from postex_tui.answers import answer
from postex_tui.moments import as_epoch, as_text
from postex_tui.options import AsJson, Code, Data, Password

app = typer.Typer(help="Legal holds: what must not be erased for now.", no_args_is_help=True)
Account = Annotated[str, typer.Argument(help="Address or id of the account.", show_default=False)]


@app.command("place")
def place(
    account: Account,
    data: Data,
    reason: Annotated[str, typer.Option(help="Why, in a few words.", show_default=False)],
    basis: Annotated[str, typer.Option(help="Law or order that it rests on.", show_default=False)],
    until: Annotated[str, typer.Option(help="Day or time of its end (UTC).", show_default=False)],
    document: Annotated[str | None, typer.Option(help="Only this document.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Keep an account, with all that is in it, or one of its documents."""
    from postex_tui.client import control

    body = {"reason": reason, "basis": basis, "ends_at": as_epoch(until), "document": document}
    with control(data) as api:
        found = api.post(f"/accounts/{quote(account, safe='')}/holds", body)
    answer(as_json, found, _line(found))


@app.command("list")
def listing(
    data: Data,
    account: Annotated[
        str | None, typer.Argument(help="Of this account, past ones too; else all in force.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List holds."""
    from postex_tui.client import control

    with control(data) as api:
        whose = "" if account is None else f"/accounts/{quote(account, safe='')}"
        found = api.get(f"{whose}/holds") if whose else list(api.pages("/holds"))
    answer(as_json, {"holds": found}, "\n".join(map(_line, found)) or "No holds.")


@app.command("lift")
def lift(
    hold: Annotated[int, typer.Argument(help="Number of the hold.", min=1)],
    data: Data,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """End a hold before its time."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        found = asking.stepped_up(api, password, code, lambda: api.delete(f"/holds/{hold}"))
    answer(as_json, found, _line(found))


def _line(found: Mapping[str, Any]) -> str:
    state = "in force" if found["in_force"] else "ended"
    what = f"{found['email'] or found['account']}: {found['document'] or 'the whole account'}"
    why = f"{found['basis']}: {found['reason']}" if found["reason"] else found["basis"]
    return f"{found['id']:>5}  {state:<8}  until {as_text(found['ends_at'])}  {what}  {why}"
