"""`postex settings`: those in force with their documentation; and whether the file is right (docs/settings.md)."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from postex_tui.answers import answer
from postex_tui.options import AsJson, Data

app = typer.Typer(help="Settings with their documentation.", invoke_without_command=True)


@app.callback()
def settings(
    context: typer.Context,
    data: Data,
    search: Annotated[
        str, typer.Option(help="Only those with this in their name or documentation.", show_default=False)
    ] = "",
    changed: Annotated[bool, typer.Option("--changed", help="Only those that are not at their default.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show settings: value in force, where it is set, what it means."""
    if context.invoked_subcommand is not None:
        return
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/settings")
    found["items"] = [each for each in found["items"] if _is_wanted(each, search, changed)]
    answer(as_json, found, "\n".join(_lines(found)))


@app.command("check")
def check(data: Data, as_json: AsJson = False) -> None:
    """Read file and environment as a start would, and say what is wrong. Nothing is started."""
    from bridge.settings import FILE
    from postex_tui.data_folder import settings_of

    settings_of(data)
    file = data / FILE
    answer(as_json, {"file": str(file), "holds": True}, f"{file} is right: a start takes it.")


def _is_wanted(item: Mapping[str, Any], search: str, changed: bool) -> bool:
    text = f"{item['name']} {item['about']} {item['meaning']}".lower()
    return search.lower() in text and (item["changed"] or not changed)


def _lines(found: Mapping[str, Any]) -> Iterable[str]:
    for item in found["items"]:
        yield f"{item['name']} = {item['value']}    ({item['origin']}; default {item['default']})"
        if item["next"] is not None:
            yield f"    from the next start on: {item['next']}"
        yield f"    {item['meaning']}"
    yield f"Changed in {found['file']}, or by the environment; a change takes effect at the next start."
    if found["problem"]:
        yield f"WRONG, the next start would refuse:\n{found['problem']}"
