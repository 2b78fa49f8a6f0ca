"""`postex session`: who is signed in to an account at this moment, and the end of it."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from postex_tui.answers import answer
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Data

app = typer.Typer(help="Who is signed in: mail programs and logins.", no_args_is_help=True)
Account = Annotated[str, typer.Argument(help="Address of the account; `me` is your own.")]


@app.command("list")
def listing(data: Data, account: Account = "me", as_json: AsJson = False) -> None:
    """List the live sessions of an account."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(f"/accounts/{quote(account, safe='')}/sessions")
    _say(found, as_json)


@app.command("all")
def everywhere(
    data: Data,
    door: Annotated[str | None, typer.Option(help="imap, smtp or control.", show_default=False)] = None,
    text: Annotated[
        str | None, typer.Option(help="In the address or name of the account.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the live sessions of all accounts in your reach, newest first."""
    from postex_tui.client import control

    with control(data) as api:
        found = list(api.pages("/sessions", door=door, text=text, limit=500))
    _say({"sessions": found}, as_json)


@app.command("end")
def end(
    session: Annotated[str, typer.Argument(help="Its id from `session list`.", show_default=False)],
    data: Data,
    account: Account = "me",
    as_json: AsJson = False,
) -> None:
    """End a session within a second. To keep a mail program out, revoke its device."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.delete(f"/accounts/{quote(account, safe='')}/sessions/{quote(session, safe='')}")
    _say(found, as_json)


def _say(found: Mapping[str, Any], as_json: bool) -> None:
    lines = "\n".join(map(_line, found["sessions"]))
    answer(as_json, {"sessions": found["sessions"]}, lines or "Nobody is signed in.")


def _line(session: Mapping[str, Any]) -> str:
    what = session["label"] or session["client"] or (f"device {session['device']}" if session["device"] else "…")
    whose = f"{session.get('email') or session['account']:<28} " if "account" in session else ""
    parts = [f"{session['id']:<12} {whose}{session['door']:<10} {what:<24} since {as_text(session['since'])}"]
    parts += [str(session[name]) for name in ("network", "tls_version") if session[name]]
    if session["current"]:
        parts.append("this one")
    return ", ".join(parts)
