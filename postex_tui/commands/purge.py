"""`postex purge`: the erasure of many accounts, asked for by one person and approved by another."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.moments import as_epoch, as_text
from postex_tui.options import AsJson, Code, Data, Password

if TYPE_CHECKING:
    from collections.abc import Callable

    from postex_tui.client import Api

app = typer.Typer(help="Erase many accounts: two people, each account by its trash window.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="Number of the purge.", min=1)]


@app.command("request")
def request(
    data: Data,
    domain: Annotated[str, typer.Option(help="Domain of the accounts.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why, in a few words.", show_default=False)],
    accounts: Annotated[list[str] | None, typer.Argument(help="Addresses or ids.", show_default=False)] = None,
    state: Annotated[
        Literal["invited", "suspended", "closed"] | None,
        typer.Option(help="Instead of addresses: all in this state …", show_default=False),
    ] = None,
    before: Annotated[
        str | None, typer.Option(help="… closed (or else made) before this day or time.", show_default=False)
    ] = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Ask for it. Nothing happens before another person approves, within 72 hours."""
    by_filter = state is not None and before is not None
    if bool(accounts) == by_filter or (state is None) != (before is None):
        raise Refusal("usage", "name the accounts, or give --state and --before", USAGE)
    body: dict[str, object] = {"domain": domain, "reason": reason}
    if before is not None:
        body["filter"] = {"state": state, "before": as_epoch(before)}
    else:
        body["accounts"] = accounts
    found = _asked(data, password, code, lambda api: api.post("/purges", body))
    answer(as_json, found, _words(found))


@app.command("approve")
def approve(purge: Number, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """As the second person. What is held is left, and named."""
    found = _asked(data, password, code, lambda api: api.post(f"/purges/{purge}/approval"))
    answer(as_json, found, _words(found))


@app.command("cancel")
def cancel(purge: Number, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Before its approval; after it, cancel each erasure with `postex erase cancel`."""
    found = _asked(data, password, code, lambda api: api.delete(f"/purges/{purge}"))
    answer(as_json, found, _words(found))


@app.command("show")
def show(purge: Number, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Show what became of each account."""
    found = _asked(data, password, code, lambda api: api.get(f"/purges/{purge}"))
    answer(as_json, found, _words(found))


@app.command("list")
def listing(
    data: Data,
    limit: Annotated[int, typer.Option(min=1, help="Most purges.")] = 50,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """List purges, newest first."""
    from itertools import islice

    found = _asked(data, password, code, lambda api: list(islice(api.pages("/purges", limit=min(limit, 500)), limit)))
    answer(as_json, {"purges": found}, "\n".join(map(_line, found)) or "No purges.")


def _words(found: Mapping[str, Any]) -> str:
    lines = (
        f"  {each['account']}  {each['state'] or 'waits'}  {each['left'] or ''}".rstrip() for each in found["outcome"]
    )
    return "\n".join((_line(found), *lines))


def _line(found: Mapping[str, Any]) -> str:
    if found["approved_at"] is not None:
        state = f"approved {as_text(found['approved_at'])}"
    elif found["cancelled_at"] is not None:
        state = f"cancelled {as_text(found['cancelled_at'])}"
    else:
        state = f"{'open until' if found['is_open'] else 'void since'} {as_text(found['expires_at'])}"
    return f"{found['id']:>5}  {found['domain']}  {found['accounts']} accounts  {state}  {found['reason']}"


def _asked(data: Any, password: str | None, code: str | None, call: "Callable[[Api], Any]") -> Any:
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        return asking.stepped_up(api, password, code, lambda: call(api))
