"""`postex consent`: what you have agreed to, to whom, until when; taken back at once."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from postex_tui.answers import answer
from postex_tui.commands.preference import name_of
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Data

app = typer.Typer(help="What you have agreed to.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="Number of the consent.", show_default=False)]


@app.command("list")
def listing(data: Data, as_json: AsJson = False) -> None:
    """List all consents, those that are over too."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/accounts/me/consents")
    answer(as_json, found, "\n".join(map(_line, found["consents"])))


@app.command("withdraw")
def withdraw(number: Number, data: Data, as_json: AsJson = False) -> None:
    """Take a consent back: from this moment."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.delete(f"/accounts/me/consents/{number}")
    answer(as_json, found, "\n".join(map(_line, found["consents"])))


def _line(consent: Mapping[str, Any]) -> str:
    to = "all senders" if consent["sender"] is None else name_of(consent["sender"])
    scope = f", {consent['scope']}" if consent["scope"] else ""
    what = {
        "receipts": f"{to} may learn what you opened",
        "carriers": "third parties may carry documents",
        "notice-sender": "notices may name the sender's domain",
    }
    until = f", until {as_text(consent['ends_at'])} UTC" if consent["ends_at"] is not None else ""
    state = "holds" if consent["holds"] else "over"
    words = what.get(consent["purpose"], consent["purpose"])
    return f"{consent['id']}  {words}{scope}  since {as_text(consent['granted_at'])} UTC{until}  {state}"
