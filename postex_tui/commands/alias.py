"""`postex alias`: further addresses of an account, also such as one sender alone may use."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from postex_tui.answers import answer
from postex_tui.commands.account import path_of
from postex_tui.options import AsJson, Data

app = typer.Typer(help="Further addresses of an account.", no_args_is_help=True)
Account = Annotated[str, typer.Argument(help="Address or id of the account; `me`: your own.", show_default=False)]
Address = Annotated[str, typer.Argument(help="The further address.", show_default=False)]


@app.command("add")
def add(
    account: Account,
    address: Address,
    data: Data,
    only_from: Annotated[
        str | None,
        typer.Option(
            "--only-from",
            help="The one sender that may use it: an address, or @ and a domain. Mail of others to it is refused.",
            show_default=False,
        ),
    ] = None,
    label: Annotated[str | None, typer.Option(help="What it is for.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Let another address deliver to the account."""
    from postex_tui import asking
    from postex_tui.client import control

    body = {"address": address, "only_from": only_from, "label": label}
    with control(data) as api:
        made = asking.stepped_up(api, None, None, lambda: api.post(f"{path_of(account)}/aliases", body))
    answer(as_json, made, f"Added {_line(made)}")


@app.command("list")
def listing(account: Account, data: Data, as_json: AsJson = False) -> None:
    """List all but the primary address."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(f"{path_of(account)}/aliases")
    answer(as_json, found, "\n".join(map(_line, found["aliases"])))


@app.command("remove")
def remove(account: Account, address: Address, data: Data, as_json: AsJson = False) -> None:
    """Refuse mail to a further address from now on."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        path = f"{path_of(account)}/aliases/{quote(address.lower(), safe='')}"
        left = asking.stepped_up(api, None, None, lambda: api.delete(path))
    answer(as_json, left, f"Removed {address}.")


def _line(alias: Mapping[str, Any]) -> str:
    only = f"  only from {alias['only_from']}" if alias["only_from"] else ""
    return f"{alias['address']}{only}{'  ' + alias['label'] if alias['label'] else ''}"
