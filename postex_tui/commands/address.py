"""`postex me address …`: where paper goes."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from postex_tui.answers import answer
from postex_tui.options import AsJson, Code, Data, Password

app = typer.Typer(help="Your postal address, for documents on paper.", no_args_is_help=True)
Lines = Annotated[
    list[str],
    typer.Argument(help="2 to 5 lines below your name, each in quotes; without the country.", show_default=False),
]


@app.command("show")
def show(data: Data, as_json: AsJson = False) -> None:
    """Show your postal address, and whether paper came back from it."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/me/postal-address")
    answer(as_json, found, words(found))


@app.command("set")
def set_(
    lines: Lines,
    data: Data,
    country: Annotated[str, typer.Option(help="Two letters of ISO 3166-1.")] = "NL",
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Set your postal address, with password and code. Undo: within 24 hours."""
    from postex_tui import asking
    from postex_tui.client import control

    body = {"lines": lines, "country": country}
    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.put("/me/postal-address", body))
    answer(as_json, made, _changed(made))


@app.command("remove")
def remove(data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Take your postal address away: nothing is printed for you any more. Undo: within 24 hours."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.delete("/me/postal-address"))
    answer(as_json, made, _changed(made))


@app.command("confirm")
def confirm(data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Say that your postal address is right, though paper came back from it."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        found = asking.stepped_up(api, password, code, lambda: api.post("/me/postal-address/confirm"))
    answer(as_json, found, words(found))


def words(found: Mapping[str, Any]) -> str:
    """An address for people."""
    from postex_tui.moments import as_text

    if not found["lines"]:
        return "No postal address: nothing is printed for you."
    lines = [*found["lines"], found["country"]]
    if found["returned_at"] is not None:
        lines.append(f"Paper came back on {as_text(found['returned_at'])}: confirm the address or change it.")
    return "\n".join(lines)


def _changed(made: Mapping[str, Any]) -> str:
    told = "".join(f"\nUndo within 24 hours: postex me undo {each['id']}" for each in made["changes"])
    return words(made["address"]) + told
