"""`postex sender`: organisations that hand in documents."""

from typing import Annotated
from urllib.parse import quote

import typer

from postex_tui.answers import answer
from postex_tui.commands.account import path_of
from postex_tui.options import AsJson, Data, Email, FullName, Locale, NewDevice

app = typer.Typer(help="Organisations that hand in documents.", no_args_is_help=True)
From = Annotated[
    list[str] | None,
    typer.Option("--from", help="An address it may write as, beside its own; may be repeated.", show_default=False),
]
Address = Annotated[str, typer.Argument(help="The address it writes as.", show_default=False)]


@app.command("add")
def add(
    email: Email,
    data: Data,
    name: FullName = "",
    from_addresses: From = None,
    locale: Locale = "nl",
    device: NewDevice = None,
    as_json: AsJson = False,
) -> None:
    """Add a sender; with --device a password for SMTP too. Secrets are shown this once."""
    from postex_tui import asking, new_account
    from postex_tui.client import control

    body = {
        "email": email,
        "name": name or None,
        "role": "sender",
        "locale": locale,
        "device": device,
        "identities": from_addresses or [],
    }
    with control(data) as api:
        made = asking.stepped_up(api, None, None, lambda: api.post("/accounts", body))
    answer(as_json, new_account.content(made), new_account.words(made))


@app.command("addresses")
def addresses(email: Email, data: Data, as_json: AsJson = False) -> None:
    """List the addresses that it may write as, beside those that deliver to it."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(f"{path_of(email)}/identities")
    answer(as_json, {"email": email.lower(), "from": found["identities"]}, "\n".join(found["identities"]))


@app.command("allow")
def allow(email: Email, address: Address, data: Data, as_json: AsJson = False) -> None:
    """Let it write as another address."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        path = f"{path_of(email)}/identities"
        found = asking.stepped_up(api, None, None, lambda: api.post(path, {"address": address}))
    answer(as_json, {"email": email.lower(), "from": found["identities"]}, f"{email} may write as {address}.")


@app.command("forbid")
def forbid(email: Email, address: Address, data: Data, as_json: AsJson = False) -> None:
    """Let it no longer write as an address."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        path = f"{path_of(email)}/identities/{quote(address.lower(), safe='')}"
        found = asking.stepped_up(api, None, None, lambda: api.delete(path))
    answer(as_json, {"email": email.lower(), "from": found["identities"]}, f"{email} no longer writes as {address}.")
