"""`postex paper …`: letters that came back."""

from typing import Annotated, Literal
from urllib.parse import quote

import typer

from postex_tui.answers import absent, answer
from postex_tui.options import AsJson, Data

app = typer.Typer(help="Documents on paper.", no_args_is_help=True)


@app.callback()
def paper() -> None:
    """Documents on paper."""


@app.command("returned")
def returned(
    reference: Annotated[
        str, typer.Argument(help="What is printed small above the address, or the delivery's id.", show_default=False)
    ],
    cause: Annotated[Literal["moved", "unknown", "refused"], typer.Argument(help="What the post wrote on it.")],
    data: Data,
    as_json: AsJson = False,
) -> None:
    """Record that a letter came back: its recipient is told, and its address is not used until it is confirmed."""
    from postex_tui.client import control

    unknown = f"no letter has the reference {reference}: give it as it is printed small above the address"
    with control(data) as api, absent(unknown):
        made = api.post(f"/deliveries/{quote(reference.strip(), safe='')}/return", {"cause": cause})
    doubted = "Nothing is printed for its recipient until the address is confirmed or changed."
    kept = "Its address was changed since: that one stays in use."
    answer(as_json, made, f"Recorded; the recipient is told. {doubted if made['address_in_doubt'] else kept}")
