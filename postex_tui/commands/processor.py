"""`postex processor`: third parties that carry documents and notices, and what may be handed over to them (S68)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from postex_tui.answers import answer
from postex_tui.options import AsJson, Code, Data, Password

app = typer.Typer(help="Who carries documents and notices for you, and what they may have.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Its name, as in the settings.", show_default=False)]


@app.command("list")
def listing(data: Data, as_json: AsJson = False) -> None:
    """List the register."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/processors")
    answer(as_json, {"processors": found}, "\n".join(map(_line, found)) or "No processors.")


@app.command("set")
def put(
    name: Name,
    data: Data,
    kind: Annotated[
        Literal["relay", "printer", "messenger", "backup"], typer.Option(help="What it carries.", show_default=False)
    ],
    country: Annotated[str, typer.Option(help="Where it works: two letters, such as NL.", show_default=False)],
    allow: Annotated[
        list[str] | None,
        typer.Option(
            help="A field that it may have; again for each: address, name, postal-address, sender, type, reference,"
            " title, document, sealed.",
            show_default=False,
        ),
    ] = None,
    contract: Annotated[
        str | None, typer.Option(help="Day of the contract, such as 2026-01-31.", show_default=False)
    ] = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Add one or replace what is known of it. It gets the fields named, and nothing else."""
    from postex_tui import asking
    from postex_tui.client import control

    body = {"kind": kind, "country": country, "contract_date": contract, "fields": allow or []}
    with control(data) as api:
        found = asking.stepped_up(api, password, code, lambda: api.put(f"/processors/{quote(name, safe='')}", body))
    answer(as_json, found, _line(found))


@app.command("remove")
def remove(name: Name, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """It is given nothing from now on; what waits for it goes on waiting."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        found = asking.stepped_up(api, password, code, lambda: api.delete(f"/processors/{quote(name, safe='')}"))
    answer(as_json, found, f"{found['name']} is given nothing from now on.")


def _line(found: Mapping[str, Any]) -> str:
    where = found["country"] if found["in_europe"] else f"{found['country']} (outside Europe: no document, no title)"
    contract = f"contract of {found['contract_date']}" if found["contract_date"] else "no date of a contract"
    return f"{found['name']}  {found['kind']}  {where}  {contract}  {', '.join(found['fields']) or 'nothing'}"
