"""`postex me external …`: one's own mailbox elsewhere, into which documents can be put."""

from typing import Annotated, Any

import typer

from postex_tui.answers import absent, answer
from postex_tui.options import AsJson, Code, Data, Password

app = typer.Typer(help="Your own mailbox elsewhere, as a place for documents.", no_args_is_help=True)
_PATH = "/me/external-mailbox"
_NONE = "you have no mailbox elsewhere; give one: postex me external set"

Host = Annotated[str, typer.Argument(help="IMAP server, such as imap.example.org.", show_default=False)]
Username = Annotated[str, typer.Argument(help="User name there, often the address.", show_default=False)]
Country = Annotated[
    str, typer.Option("--country", help="Where the provider keeps mail: two letters, such as NL.", show_default=False)
]
Folder = Annotated[str, typer.Option("--folder", help="Folder that documents go into.")]
Port = Annotated[int, typer.Option("--port", help="IMAP over TLS.")]
Secret = Annotated[
    str | None,
    typer.Option(
        "--mailbox-password",
        envvar="POSTEX_MAILBOX_PASSWORD",
        help="The password there, best an app password; `-` reads a line. Without it you are asked.",
        show_default=False,
    ),
]


@app.command("set")
def set_mailbox(
    data: Data,
    host: Host,
    username: Username,
    country: Country,
    folder: Folder = "INBOX",
    port: Port = 993,
    secret: Secret = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Set it. Postex signs in there once to see that it works; the password is kept sealed and never shown again."""
    from postex_tui import asking
    from postex_tui.client import control

    remedy = "in POSTEX_MAILBOX_PASSWORD, or with --mailbox-password - on standard input"
    ask = "The password of that mailbox"
    wanted = {
        "host": host,
        "port": port,
        "username": username,
        "folder": folder,
        "country": country,
        "password": asking.given(secret, ask, remedy),
    }
    with control(data) as api:
        found = asking.stepped_up(api, password, code, lambda: api.put(_PATH, wanted))
    answer(as_json, found, f"{_line(found)}\nChoose for whom: postex preference set --channel external")


@app.command("show")
def show(data: Data, as_json: AsJson = False) -> None:
    """Show it, without its password."""
    from postex_tui.client import control

    with control(data) as api, absent(_NONE):
        found = api.get(_PATH)
    answer(as_json, found, _line(found))


@app.command("remove")
def remove(data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Forget it and its password; documents stay here."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api, absent(_NONE):
        asking.stepped_up(api, password, code, lambda: api.delete(_PATH))
    answer(as_json, {"removed": True}, "It is forgotten; documents stay here.")


def _line(found: Any) -> str:
    state = "in use" if found["usable"] else "not usable: the sign-in failed; set it again"
    place = f"{found['username']} at {found['host']}:{found['port']}, folder {found['folder']}, {found['country']}"
    return f"{place}  ({state})"
