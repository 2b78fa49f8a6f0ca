"""Options and arguments that several commands share, and nothing that takes time to import."""

import os
from pathlib import Path
from typing import Annotated

import typer


def usual_folder() -> Path:
    """Where a bridge lies if nobody says where: of the machine for root, of the person for others."""
    if os.geteuid() == 0:
        return Path("/var/lib/postex")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "postex"


Data = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="POSTEX_DATA",
        help="Data folder of the bridge.",
        default_factory=usual_folder,
        show_default="/var/lib/postex for root, else ~/.local/share/postex",
    ),
]
"""The same for every command and the app: what one makes the others find."""
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]
Email = Annotated[str, typer.Argument(help="Address of the account.", show_default=False)]
FullName = Annotated[str, typer.Option("--name", help="Name shown with the account.")]
Locale = Annotated[str, typer.Option("--locale", help="Language of what Postex writes to it: nl or en.")]
NewDevice = Annotated[
    str | None, typer.Option("--device", help="Make a device password too, under this label.", show_default=False)
]
Password = Annotated[
    str | None,
    typer.Option(
        "--password",
        envvar="POSTEX_PASSWORD",
        help="Your password; `-` reads a line of standard input. Without it you are asked.",
        show_default=False,
        show_envvar=True,
    ),
]
NewPassword = Annotated[
    str | None,
    typer.Option(
        "--new-password", envvar="POSTEX_NEW_PASSWORD", help="The new password, likewise.", show_default=False
    ),
]
Code = Annotated[
    str | None,
    typer.Option("--code", envvar="POSTEX_CODE", help="A code of your second factor, likewise.", show_default=False),
]
FirstCode = Annotated[
    str | None,
    typer.Option(
        "--first-code", help="The first code of the new second factor: ends what --begin began.", show_default=False
    ),
]
Begin = Annotated[bool, typer.Option("--begin", help="Only show the new second factor; nothing is changed yet.")]
