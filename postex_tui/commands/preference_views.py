"""`postex preference effects`, `why`, `matrix` and `postex domain preference preview`: asked in advance."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postex_tui.answers import answer
from postex_tui.commands.preference import (
    Channel,
    Domain,
    Keep,
    Ladder,
    NotifyBy,
    Quiet,
    Type,
    domain_body,
    domain_path,
    name_of,
)
from postex_tui.options import AsJson, Data

if TYPE_CHECKING:
    from postex_tui.replies import Query

Account = Annotated[str, typer.Option(help="Whose: address or id; `me`.")]
ForSender = Annotated[
    str | None, typer.Option("--sender", help="Documents of this sender: its address.", show_default=False)
]


def effects(data: Data, account: Account = "me", as_json: AsJson = False) -> None:
    """Show how documents of each sender come, and who chose it: by channel, notice and the rest."""
    from postex_tui.client import control
    from postex_tui.commands.account import path_of

    with control(data) as api:
        found = api.get(f"{path_of(account)}/preferences/effects")
    answer(as_json, found, "\n".join(map(_effect, found["rows"])))


def why(
    data: Data,
    sender: Annotated[str, typer.Argument(help="Name, address or #number of the sender, or `any`.")] = "any",
    type: Type = None,
    account: Account = "me",
    as_json: AsJson = False,
) -> None:
    """Tell, step by step, how a document of that sender would come."""
    from postex_tui.client import control
    from postex_tui.commands.account import path_of

    with control(data) as api:
        found = api.get(f"{path_of(account)}/preferences/why", sender=sender, type=type)
    answer(as_json, found, "\n".join(found["steps"]))


def matrix(
    domain: Domain,
    data: Data,
    sender: Annotated[
        list[str] | None, typer.Option(help="Address of a sender, or `any`; may be repeated.", show_default=False)
    ] = None,
    type: Annotated[
        list[str] | None, typer.Option("--type", help="Type of document; may be repeated.", show_default=False)
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="Part of address or name of recipients.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most recipients.")] = 100,
    after: Annotated[str | None, typer.Option(help="`next` of the page before.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """List recipients of a domain, and how documents of each sender and type would come to them."""
    from postex_tui.client import control

    asked: dict[str, Query] = {
        "text": text,
        "limit": limit,
        "after": after,
        "sender": sender or [],
        "type": type or [],
    }
    with control(data) as api:
        found = api.get(f"{domain_path(domain).removesuffix('/preferences')}/matrix", **asked)
    heads = "  ".join(f"{column['sender'] or 'any'}, {column['type']}" for column in found["columns"])
    rest = [f"more: --after {found['next']}"] if found["next"] else []
    answer(as_json, found, "\n".join([heads, *map(_row, found["items"]), *rest]))


def preview(
    domain: Domain,
    data: Data,
    type: Type = None,
    mandatory: Annotated[
        bool | None, typer.Option("--mandatory/--not-mandatory", help="Of a type: whether nobody can refuse it.")
    ] = None,
    channel: Channel = None,
    notify: NotifyBy = None,
    quiet: Quiet = None,
    ladder: Ladder = None,
    keep: Keep = None,
    sender: ForSender = None,
    as_json: AsJson = False,
) -> None:
    """Count what a change would do: for how many, who keeps their own choice, who cannot have it."""
    from postex_tui.client import control

    body = domain_body(type, mandatory, channel, notify, quiet, ladder, keep)
    with control(data) as api:
        found = api.post(f"{domain_path(domain)}/preview", {**body, "for_sender": sender})
    answer(as_json, found, "\n".join(_counted(found)))


def _effect(row: Mapping[str, Any]) -> str:
    name = "all senders" if row["sender"] is None else name_of(row["sender"])
    decided = row["decided"]
    kind = f", {row['type']}" if row["type"] else ""
    return f"{name + kind:<44} {decided['channel']:<9} {decided['notify']:<8} {decided['sources']['channel']}"


def _row(row: Mapping[str, Any]) -> str:
    cells = "  ".join(f"{cell['channel']} ({cell['source']})" for cell in row["cells"])
    return f"{row['email'] or row['id']:<40} {cells}"


def _counted(found: Mapping[str, Any]) -> list[str]:
    refused = [] if found["refused"] is None else [f"It would be refused: {found['refused']}"]
    moves = [
        f"  {each['field']}: {each['old'] or 'none'} → {each['new'] or 'none'}: {each['recipients']}"
        for each in found["moves"]
    ]
    hindered = [f"not for {each['recipients']}: {each['why']}" for each in found["hindered"]]
    changed = f"{found['changed']} of {found['recipients']} recipients would get documents otherwise"
    return [*refused, changed, *moves, f"{found['keep']} keep what they chose themselves", *hindered]
