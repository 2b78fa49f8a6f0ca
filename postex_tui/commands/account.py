"""`postex account`: people and organisations, their states and what is known of them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from postex_tui.answers import answer
from postex_tui.options import AsJson, Code, Data, Email, FullName, Locale, NewDevice, Password
from storage.records import AccountState, Role

if TYPE_CHECKING:
    from postex_tui.client import Api

app = typer.Typer(help="People who receive, organisations that send, owners.", no_args_is_help=True)
LegalName = Annotated[str | None, typer.Option(help="Name as in law.", show_default=False)]
Phone = Annotated[str | None, typer.Option(help="Telephone number; never required.", show_default=False)]
ContactEmail = Annotated[
    str | None,
    typer.Option(help="An e-mail address elsewhere; not used before it is verified.", show_default=False),
]
Primary = Annotated[str | None, typer.Option("--email", help="New primary address.", show_default=False)]
NewName = Annotated[str | None, typer.Option("--name", help="Name as shown.", show_default=False)]
Change = Annotated[int, typer.Argument(help="Its number, from `changes`.", min=1, show_default=False)]
EMPTY = "none"
"""On the command line: takes away what is optional."""


@app.command("add")
def add(
    email: Email,
    data: Data,
    name: FullName = "",
    role: Annotated[Role, typer.Option(help="What the account is for: recipient, sender, owner.")] = Role.RECIPIENT,
    locale: Locale = "nl",
    device: NewDevice = None,
    legal_name: LegalName = None,
    phone: Phone = None,
    contact_email: ContactEmail = None,
    alias: Annotated[
        list[str] | None, typer.Option(help="A further address; may be repeated.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add an account; with --device a first device password too. Secrets are shown this once."""
    from postex_tui import asking
    from postex_tui.client import control
    from postex_tui.commands import new_account

    body = {
        "email": email,
        "name": name or None,
        "role": role,
        "locale": locale,
        "device": device,
        "legal_name": legal_name,
        "phone": phone,
        "contact_email": contact_email,
        "aliases": alias or [],
    }
    with control(data) as api:
        made = asking.stepped_up(api, None, None, lambda: api.post("/accounts", body))
    answer(as_json, new_account.content(made), new_account.words(made))


@app.command("list")
def listing(
    data: Data,
    state: Annotated[AccountState | None, typer.Option(help="Only these.", show_default=False)] = None,
    role: Annotated[Role | None, typer.Option(help="Only these.", show_default=False)] = None,
    domain: Annotated[str | None, typer.Option(help="Only of this one.", show_default=False)] = None,
    search: Annotated[str | None, typer.Option(help="Part of address or name.", show_default=False)] = None,
    sort: Annotated[
        str,
        typer.Option(
            help="email, name or created; with - in front from the other end: -created is newest first, and masked"
            " lists are always that."
        ),
    ] = "email",
    limit: Annotated[int | None, typer.Option(help="At most so many.", min=1, show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """List accounts: all that your role reaches, or those asked for."""
    from itertools import islice

    from postex_tui.client import control

    with control(data) as api:
        size = min(limit or 500, 500)
        found = api.pages("/accounts", state=state, role=role, domain=domain, text=search, sort=sort, limit=size)
        rows = [{key: row[key] for key in _LISTED} for row in islice(found, limit)]
    lines = (f"{row['email']:<40} {row['role']:<10} {row['state']:<11} {row['name']}" for row in rows)
    answer(as_json, {"accounts": rows}, "\n".join(lines))


_LISTED = ("email", "role", "state", "name", "id", "domain")


@app.command("show")
def show(email: Email, data: Data, as_json: AsJson = False) -> None:
    """Show what is known of an account, as far as your role goes. Its owner can see that you looked."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(path_of(email))
    answer(as_json, found, portrait(found))


@app.command("suspend")
def suspend(email: Email, data: Data, as_json: AsJson = False) -> None:
    """Refuse sign-in; documents are still taken and kept."""
    _turn(email, data, as_json, lambda api, path: api.post(f"{path}/suspension"))


@app.command("resume")
def resume(email: Email, data: Data, as_json: AsJson = False) -> None:
    """Let a suspended account sign in again."""
    _turn(email, data, as_json, lambda api, path: api.delete(f"{path}/suspension"))


@app.command("close")
def close(email: Email, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """End an account: no sign-in, no new documents. What it holds stays until its time is over."""
    from postex_tui import asking

    def ask(api: "Api", path: str) -> Any:
        return asking.stepped_up(api, password, code, lambda: api.post(f"{path}/closure"))

    _turn(email, data, as_json, ask)


@app.command("reopen")
def reopen(email: Email, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Take the closing of an account back."""
    from postex_tui import asking

    def ask(api: "Api", path: str) -> Any:
        return asking.stepped_up(api, password, code, lambda: api.delete(f"{path}/closure"))

    _turn(email, data, as_json, ask)


@app.command("invite")
def invite(email: Email, data: Data, as_json: AsJson = False) -> None:
    """Make a new enrolment code for somebody who has not enrolled yet; the one before is worthless."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        made = asking.stepped_up(api, None, None, lambda: api.post(f"{path_of(email)}/invitation"))
    answer(as_json, {"email": email.lower(), **made}, f"Enrolment code (72 hours, once): {made['enrolment_code']}")


@app.command("rename")
def rename(
    email: Email,
    name: Annotated[str, typer.Argument(help="The new name.", show_default=False)],
    data: Data,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Give an account another name, as its admin. Its owner is told, and it can be undone for 24 hours."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.patch(path_of(email), {"name": name}))
    answer(as_json, made, changed_words(made))


@app.command("set")
def change(
    email: Email,
    data: Data,
    name: NewName = None,
    legal_name: LegalName = None,
    new_email: Primary = None,
    contact_email: ContactEmail = None,
    phone: Phone = None,
    locale: Annotated[str | None, typer.Option(help="nl or en.", show_default=False)] = None,
    quota: Annotated[int | None, typer.Option(help="Room in bytes.", min=0, show_default=False)] = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Change what is known of an account, as its admin; `none` takes away what is optional. Its owner is told."""
    from postex_tui import asking
    from postex_tui.client import control

    body = given(name, legal_name, new_email, contact_email, phone)
    body |= {key: value for key, value in (("locale", locale), ("quota_bytes", quota)) if value is not None}
    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.patch(path_of(email), body))
    answer(as_json, made, changed_words(made))


@app.command("changes")
def changes(email: Email, data: Data, as_json: AsJson = False) -> None:
    """List the last changes of what identifies its owner."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(f"{path_of(email)}/changes")
    answer(as_json, {"changes": found}, "\n".join(map(change_line, found)))


@app.command("undo")
def undo(
    email: Email,
    change: Change,
    data: Data,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Take a change back, as an admin, within 24 hours."""
    from postex_tui import asking
    from postex_tui.client import control

    path = f"{path_of(email)}/changes/{change}/undo"
    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.post(path))
    answer(as_json, made, changed_words(made))


def path_of(account: str) -> str:
    """Of an account by address or id."""
    return f"/accounts/{quote(account.strip().lower() if '@' in account else account, safe='')}"


def given(
    name: str | None,
    legal_name: str | None,
    email: str | None,
    contact_email: str | None,
    phone: str | None,
) -> dict[str, object]:
    """The fields that the command line names; null for an optional one that is to go."""
    kept = {"name": name, "email": email}
    optional = {"legal_name": legal_name, "contact_email": contact_email, "phone": phone}
    found: dict[str, object] = {key: value for key, value in kept.items() if value is not None}
    found |= {key: None if value == EMPTY else value for key, value in optional.items() if value is not None}
    return found


def portrait(found: Mapping[str, Any]) -> str:
    """An account for people."""
    shown = (
        "id",
        "name",
        "legal_name",
        "email",
        "contact_email",
        "phone",
        "postal_address",
        "role",
        "state",
        "locale",
        "domain",
        "mode",
    )
    told = {**found, "postal_address": (found["postal_address"] or "").replace("\n", ", ") or None}
    lines = [f"{key.replace('_', ' '):<14} {told[key]}" for key in shown if told[key] is not None]
    used, room = found["used_bytes"] / 1e6, found["quota_bytes"] / 1e6
    lines.append(f"{'room':<14} {used:.1f} of {room:.0f} MB used")
    if found["contact_email"] and not found["contact_email_verified"]:
        lines.append("The contact address is not verified: nothing is sent to it.")
    if found["view"] != "full":
        lines.append("Your role sees this account masked.")
    return "\n".join(lines)


_CHANGERS = {"owner": "the person"}
"""In words that nobody takes for a role."""


def change_line(made: Mapping[str, Any]) -> str:
    """A change of identity for people."""
    from postex_tui.moments import as_text

    end = "undone" if made["undone_at"] else f"undo until {as_text(made['undo_until'])}"
    end = end if made["undone_at"] or made["can_be_undone"] else "for good"
    old, new = (", ".join((made[each] or "–").splitlines()) for each in ("old_value", "new_value"))
    when = as_text(made["changed_at"])
    who = _CHANGERS.get(made["changed_by"], made["changed_by"])
    return f"{made['id']:>6}  {when}  {made['field']:<14} by {who:<10}  {end}  {old} → {new}"


def changed_words(made: Mapping[str, Any]) -> str:
    """What was done, and who was told."""
    if not made["changes"]:
        return "Nothing that identifies the owner was changed."
    told = "A message about it is in the mailbox."
    if "contact" in made["told"]:
        told = "A message about it is in the mailbox, another goes to the contact address."
    return "\n".join([*map(change_line, made["changes"]), told])


def _turn(email: str, data: Path, as_json: bool, ask: Callable[["Api", str], Any]) -> None:
    from postex_tui.client import control

    with control(data) as api:
        state = ask(api, path_of(email))["state"]
    answer(as_json, {"email": email.lower(), "state": state}, f"{email.lower()} is {state}.")
