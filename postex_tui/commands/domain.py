"""`postex domain`: several in one bridge."""

from typing import Annotated

import typer

from postex_tui.answers import answer
from postex_tui.options import AsJson, Code, Data, Password
from storage.records import DomainMode

app = typer.Typer(help="Domains of the bridge.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Such as example.org.", show_default=False)],
    data: Data,
    country: Annotated[str, typer.Option(help="Where its documents are kept: two letters, such as NL (ISO 3166-1).")],
    mode: Annotated[DomainMode, typer.Option(help="Whether it can reset accounts; for good.")] = DomainMode.MANAGED,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Add a domain. The owners keep its spare key until it has an admin."""
    from postex_tui import asking
    from postex_tui.client import control

    body = {"name": name, "country": country, "mode": mode}
    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.post("/domains", body))
    answer(as_json, made, f"Added {made['name']} ({made['mode']}, {made['country']}).")


@app.command("list")
def listing(data: Data, as_json: AsJson = False) -> None:
    """List the domains that your role reaches."""
    from postex_tui.client import control

    with control(data) as api:
        found = list(api.pages("/domains"))
    lines = (f"{each['name']:<40} {each['mode']:<8} {each['country']}" for each in found)
    answer(as_json, {"domains": found}, "\n".join(lines))
