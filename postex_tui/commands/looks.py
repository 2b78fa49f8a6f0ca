"""`postex me looks`: who looked at one's data."""

from typing import Annotated

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
    lines = (
        f"{as_text(each['at'])}  {each['what']:<24}  {each['viewer_name'] or ''} ({each['viewer_role']})"
        for each in found
    )
    answer(as_json, {"looks": found}, "\n".join(lines) or "Nobody but yourself looked at your data.")
