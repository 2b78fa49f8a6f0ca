"""`postex delivery`: what was decided for each document and what came of it. Metadata alone, never a subject."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from postex_tui.answers import answer
from postex_tui.moments import as_epoch, as_text
from postex_tui.options import AsJson, Data

app = typer.Typer(help="What was decided for documents and what came of them.", no_args_is_help=True)


@app.command("list")
def listing(
    data: Data,
    recipient: Annotated[str | None, typer.Option(help="Part of address or name.", show_default=False)] = None,
    sender: Annotated[str | None, typer.Option(help="Part of address or name.", show_default=False)] = None,
    state: Annotated[
        Literal["held", "accepted", "handed-off", "delivered", "refused"] | None,
        typer.Option(help="Only these.", show_default=False),
    ] = None,
    channel: Annotated[
        Literal["mailbox", "external", "email", "paper", "refuse"] | None,
        typer.Option(help="Only these.", show_default=False),
    ] = None,
    since: Annotated[str | None, typer.Option(help="A day or time, UTC.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most lines.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List deliveries of the last ninety days, newest first."""
    from itertools import islice

    from postex_tui.client import control

    asked = {"recipient": recipient, "sender": sender, "state": state, "channel": channel}
    after = None if since is None else as_epoch(since)
    with control(data) as api:
        found = list(islice(api.pages("/deliveries", limit=min(limit, 500), since=after, **asked), limit))
    answer(as_json, {"deliveries": found}, "\n".join(map(_line, found)))


@app.command("show")
def show(
    delivery: Annotated[str, typer.Argument(help="Id of the delivery.", show_default=False)],
    data: Data,
    as_json: AsJson = False,
) -> None:
    """Show one, with what of it is in the outbox. Why it came this way: postex explain DOCUMENT --account …"""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(f"/deliveries/{quote(delivery, safe='')}")
    lines = [_line(found), f"document {found['document']}", f"ladder {found['ladder'] or 'none'}"]
    lines += [
        f"job {job['id']}  {job['state']}  {job['kind']}  {job['attempts']} attempts  {job['problem'] or ''}".rstrip()
        for job in found["jobs"]
    ]
    answer(as_json, found, "\n".join(lines))


def _line(found: Mapping[str, Any]) -> str:
    who = f"{found['sender'] or '-'} -> {found['email'] or found['account']}"
    return (
        f"{as_text(found['decided_at'])}  {found['id']}  {who}  {found['type']}  {found['channel']}  {found['state']}"
    )
