"""`postex me copies` and `postex me usage`: what becomes of one's documents by itself, and what is counted."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Data

Switched = Annotated[list[str] | None, typer.Option(help="sign-in, list, open, download or preference.")]


def copies(
    data: Data,
    open_to_server: Annotated[
        bool, typer.Option("--open-to-server", help="Only what the server can still open by itself.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most documents.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List your documents: when first downloaded and opened, what happens next, when erased."""
    from itertools import islice

    from postex_tui.client import control

    given: dict[str, Any] = {"limit": min(limit, 500)}
    if open_to_server:
        given["open_to_server"] = "true"
    with control(data) as api:
        found = list(islice(api.pages("/me/copies", **given), limit))
    answer(as_json, {"copies": found}, "\n".join(map(_line, found)))


def usage(data: Data, off: Switched = None, on: Switched = None, as_json: AsJson = False) -> None:
    """Show how often you did what, by day; switch a class of acts off or on."""
    from postex_tui.client import control

    wanted = {**dict.fromkeys(on or (), True), **dict.fromkeys(off or (), False)}
    _require_known(wanted)
    with control(data) as api:
        for category, counted in wanted.items():
            api.put(f"/me/usage/{category}", {"counted": counted})
        found = api.get("/me/usage")
    days = [f"{as_text(each['day'])[:10]}  {each['category']}: {each['times']}" for each in found["days"]]
    switched_off = [f"Not counted: {', '.join(found['off'])}"] if found["off"] else []
    answer(as_json, found, "\n".join((*days, *switched_off, f"Kept for {found['keep_days']} days.")))


def _require_known(wanted: Mapping[str, bool]) -> None:
    from storage.oversight.usage import Category

    for each in wanted:
        if each not in list(Category):
            raise Refusal("usage", f"{each}: no such class of acts; there are {', '.join(Category)}", USAGE)


def _line(copy: Mapping[str, Any]) -> str:
    parts = [
        f"{as_text(copy['arrived_at'])}  {copy['document']}  {copy['type']} from {copy['sender'] or 'nobody'}",
        copy["state"],
        _when("downloaded", copy["first_downloaded_at"]),
        _when("opened", copy["first_opened_at"]),
        _when(f"{copy['next_step']} due", copy["next_step_at"]),
        _when("erased", copy["erase_at"]),
        _server(copy),
    ]
    return ", ".join(part for part in parts if part)


def _when(what: str, at: int | None) -> str:
    return "" if at is None else f"{what} {as_text(at)}"


def _server(copy: Mapping[str, Any]) -> str:
    if not copy["server_can_open"]:
        return ""
    return "the server can open it" + (" for another reader" if copy["server_can_open_for_others"] else "")
