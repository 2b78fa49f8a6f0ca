"""`postex account`: add, list, suspend, resume."""

from typing import Annotated

import typer

from postex_tui.answers import Refusal, answer
from postex_tui.options import AsJson, Data, Email, FullName, Locale, NewDevice
from storage.records import Role

app = typer.Typer(help="People who receive, organisations that send, owners.", no_args_is_help=True)


@app.command("add")
def add(
    email: Email,
    data: Data,
    name: FullName = "",
    role: Annotated[Role, typer.Option(help="What the account is for.")] = Role.RECIPIENT,
    locale: Locale = "nl",
    device: NewDevice = None,
    as_json: AsJson = False,
) -> None:
    """Add an account; with --device a first device password too. Secrets are shown this once."""
    from postex_tui import new_account
    from storage.accounts import AccountDraft

    made = new_account.add(data, AccountDraft(email, name or email.partition("@")[0], role, locale=locale), device)
    answer(as_json, made.content(), made.words())


@app.command("list")
def listing(data: Data, as_json: AsJson = False) -> None:
    """List all accounts."""
    from postex_tui.data_folder import opened
    from storage import accounts

    with opened(data) as store:
        found = store.read_now(accounts.listing)
    rows = [{"email": a.email, "role": str(a.role), "state": str(a.state), "name": a.name} for a in found]
    lines = (f"{row['email']:<40} {row['role']:<10} {row['state']:<11} {row['name']}" for row in rows)
    answer(as_json, {"accounts": rows}, "\n".join(lines))


@app.command("suspend")
def suspend(email: Email, data: Data, as_json: AsJson = False) -> None:
    """Refuse sign-in; documents are still taken and kept."""
    _turn("suspend", email, data, as_json)


@app.command("resume")
def resume(email: Email, data: Data, as_json: AsJson = False) -> None:
    """Let a suspended account sign in again."""
    _turn("resume", email, data, as_json)


def _turn(change: str, email: str, data: Data, as_json: bool) -> None:
    from postex_tui.data_folder import account_of, now, opened
    from storage import accounts
    from storage.errors import NotFound

    with opened(data) as store:
        account = account_of(store, email)
        try:
            store.write_now(accounts.suspend if change == "suspend" else accounts.resume, account.id, now())
        except NotFound:
            raise Refusal("wrong-state", f"{account.email} is {account.state}; nothing was changed") from None
        state = account_of(store, email).state
    answer(as_json, {"email": account.email, "state": str(state)}, f"{account.email} is {state}.")
