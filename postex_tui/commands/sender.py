"""`postex sender`: organisations that hand in documents."""

from typing import Annotated

import typer

from postex_tui.answers import answer
from postex_tui.options import AsJson, Data, Email, FullName, Locale, NewDevice

app = typer.Typer(help="Organisations that hand in documents.", no_args_is_help=True)
From = Annotated[
    list[str] | None,
    typer.Option("--from", help="An address it may write as, beside its own; may be repeated.", show_default=False),
]


@app.command("add")
def add(
    email: Email,
    data: Data,
    name: FullName = "",
    from_addresses: From = None,
    locale: Locale = "nl",
    device: NewDevice = None,
    as_json: AsJson = False,
) -> None:
    """Add a sender; with --device a password for SMTP too. Secrets are shown this once."""
    from postex_tui import new_account
    from storage.accounts import AccountDraft
    from storage.records import Role

    draft = AccountDraft(email, name or email.partition("@")[0], Role.SENDER, locale=locale)
    made = new_account.add(data, draft, device, tuple(from_addresses or ()))
    answer(as_json, made.content(), made.words())
