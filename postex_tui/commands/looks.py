"""`postex me looks`: who looked at one's data."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from postex_tui.answers import answer
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Data


def looks(
    data: Data,
    mail: Annotated[bool, typer.Option("--mail", help="Put the list into your mailbox instead.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most looks.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List who looked at your data, newest first."""
    from itertools import islice

    from postex_tui.client import control

    with control(data) as api:
        if mail:
            sent = api.post("/accounts/me/looks/mail")
            answer(as_json, sent, f"A message with {sent['looks']} looks is in your mailbox.")
            return
        found = list(islice(api.pages("/accounts/me/looks", limit=min(limit, 500)), limit))
    answer(as_json, {"looks": found}, "\n".join(map(_line, found)) or "Nobody but yourself looked at your data.")


def _line(look: Mapping[str, Any]) -> str:
    from bridge.notices.looks import WHATS

    role = "operator of the machine" if look["viewer_role"] == "operator" else look["viewer_role"]
    viewer = f"{look['viewer_name']} ({role})" if look["viewer_name"] else role
    return f"{as_text(look['at'])}  {WHATS.get(look['what'], look['what'])}, by: {viewer}"
