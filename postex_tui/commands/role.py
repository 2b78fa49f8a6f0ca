"""`postex role`: who may do what beyond their own account, where and until when."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from postex_tui.answers import answer
from postex_tui.options import AsJson, Code, Data, Email, Password
from storage.records import Role

app = typer.Typer(help="Roles given to accounts.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="Its number, from `role list`.", min=1, show_default=False)]


@app.command("grant")
def grant(
    email: Email,
    role: Annotated[
        Role, typer.Argument(help="domain-admin, support, reseller, auditor or owner.", show_default=False)
    ],
    data: Data,
    domain: Annotated[
        str | None, typer.Option(help="Where; owner and auditor have the whole bridge.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Its end, such as 2026-12-31. Support and reseller: 30 days at most.")
    ] = None,
    ticket: Annotated[str | None, typer.Option(help="What it is needed for.", show_default=False)] = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Give a role. The account is told; a role that is not used for 90 days lapses."""
    from postex_tui import asking
    from postex_tui.client import control
    from postex_tui.moments import as_epoch

    ends_at = None if until is None else as_epoch(until)
    body = {"account": email, "role": role, "domain": domain, "ends_at": ends_at, "ticket": ticket}
    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.post("/grants", body))
    answer(as_json, made, _line(made))


@app.command("list")
def listing(
    data: Data,
    account: Annotated[str | None, typer.Option(help="Only of this account.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """List the roles that hold now."""
    from postex_tui.client import control

    with control(data) as api:
        found = list(api.pages("/grants", account=account))
    answer(as_json, {"roles": found}, "\n".join(map(_line, found)))


@app.command("revoke")
def revoke(grant: Number, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Take a role away, at once; of an admin the domain's spare key too."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        found = asking.stepped_up(api, password, code, lambda: api.delete(f"/grants/{grant}"))
    words = f"Revoked {_line(found['grant'])}"
    if found["escrow_holders_left"] == 0:
        words += "\nNobody is left who holds the domain's spare key: get it back with postex escrow recover."
    answer(as_json, found, words)


@app.command("review")
def review(
    data: Data,
    confirm: Annotated[
        list[int] | None,
        typer.Option("--confirm", help="Number of a role that is still needed; may be repeated.", show_default=False),
    ] = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """List the roles that nobody has looked at for 90 days; with --confirm say which are still needed."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        due = asking.stepped_up(api, password, code, lambda: list(api.pages("/grants/review")))
        for grant in confirm or ():
            api.post(f"/grants/{grant}/review")
        left = list(api.pages("/grants/review")) if confirm else due
    words = "\n".join(map(_line, left)) or "No role waits for a review."
    if confirm:
        words = f"Confirmed: {', '.join(map(str, confirm))}.\n{words}"
    answer(as_json, {"due": left, "confirmed": confirm or []}, words)


def _line(grant: Mapping[str, Any]) -> str:
    from postex_tui.moments import as_text

    end = f"until {as_text(grant['ends_at'])}" if grant["ends_at"] else f"lapses unused {as_text(grant['lapses_at'])}"
    ticket = f"  {grant['ticket']}" if grant["ticket"] else ""
    who = grant["email"] or grant["account"]
    return f"{grant['id']:>6}  {who:<32} {grant['role']:<12} {grant['domain'] or 'whole bridge':<24} {end}{ticket}"
