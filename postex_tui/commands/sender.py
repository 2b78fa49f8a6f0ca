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

Network = Annotated[
    list[str] | None,
    typer.Option("--network", help="A network that its machines stand in, such as 10.0.0.0/24.", show_default=False),
]
SigningDomain = Annotated[
    list[str] | None,
    typer.Option("--dkim-domain", help="A domain whose DKIM signature makes mail its own.", show_default=False),
]
Nothing = Annotated[bool, typer.Option("--nothing", help="Only a device password counts from now on.")]


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
    from postex_tui import asking
    from postex_tui.client import control
    from postex_tui.commands import new_account

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


@app.command("trust")
def trust(
    email: Email,
    data: Data,
    network: Network = None,
    dkim_domain: SigningDomain = None,
    nothing: Nothing = False,
    as_json: AsJson = False,
) -> None:
    """Show what lets it hand in on port 25 without a password; with options: set that anew."""
    from postex_tui import asking
    from postex_tui.client import control

    path, given = f"{path_of(email)}/trust", bool(network or dkim_domain or nothing)
    body = {"networks": network or [], "dkim_domains": dkim_domain or []}
    with control(data) as api:
        found = asking.stepped_up(api, None, None, lambda: api.put(path, body)) if given else api.get(path)
    lines = [*found["networks"], *(f"DKIM {domain}" for domain in found["dkim_domains"])]
    answer(as_json, {"email": email.lower(), **found}, "\n".join(lines) or "Nothing: it signs in.")


@app.command("type")
def default_type(
    email: Email,
    data: Data,
    new: Annotated[
        str | None,
        typer.Argument(
            metavar="[TYPE]",
            help="letter, invoice, reminder, payslip, contract, notice, newsletter or other; left out: show it.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say of which type its documents are that name none themselves."""
    from postex_tui.client import control

    path = f"{path_of(email)}/document-type"
    with control(data) as api:
        found = api.get(path) if new is None else api.put(path, {"type": new})
    answer(as_json, {"email": email.lower(), "type": found["type"]}, f"{email}: {found['type']}")
