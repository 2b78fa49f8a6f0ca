"""`postex me show`, `set`, `changes`, `undo`: what is known of oneself, and changes of it."""

from typing import Annotated

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.commands.account import (
    Change,
    ContactEmail,
    LegalName,
    NewName,
    Phone,
    Primary,
    change_line,
    changed_words,
    given,
    portrait,
)
from postex_tui.options import AsJson, Code, Data, Password


def show(data: Data, as_json: AsJson = False) -> None:
    """Show what is known of you, and your roles."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/me")
    roles = [f"{'role':<14} {each['role']} ({each['domain'] or 'whole bridge'})" for each in found["grants"]]
    answer(as_json, found, "\n".join([portrait(found), *roles]))


def change(
    data: Data,
    name: NewName = None,
    legal_name: LegalName = None,
    email: Primary = None,
    contact_email: ContactEmail = None,
    phone: Phone = None,
    locale: Annotated[str | None, typer.Option(help="nl or en.", show_default=False)] = None,
    client_noted: Annotated[
        bool | None,
        typer.Option("--note-client/--no-note-client", help="Keep the name of your mail program with a device."),
    ] = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Change your details, with password and code; `none` takes away what is optional. Undo: within 24 hours."""
    from postex_tui import asking
    from postex_tui.client import control

    body = given(name, legal_name, email, contact_email, phone)
    wanted = (("locale", locale), ("client_noted", client_noted))
    settings = {key: value for key, value in wanted if value is not None}
    if not body and not settings:
        raise Refusal("usage", "name what is to change, such as --phone; see postex me set --help", USAGE)
    made: dict[str, object] = {"changes": []}
    with control(data) as api:
        if settings:
            made["account"] = api.patch("/me/settings", settings)
        if body:
            made = asking.stepped_up(api, password, code, lambda: api.patch("/me", body))
    answer(as_json, made, changed_words(made) if body else "Your settings are changed.")


def changes(data: Data, as_json: AsJson = False) -> None:
    """List the last changes of what identifies you."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/accounts/me/changes")
    answer(as_json, {"changes": found}, "\n".join(map(change_line, found)))


def undo(change: Change, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Take a change back, within 24 hours."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.post(f"/me/changes/{change}/undo"))
    answer(as_json, made, changed_words(made))
