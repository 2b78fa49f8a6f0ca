"""Options and arguments that several commands share, and nothing that takes time to import."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option("--data", envvar="POSTEX_DATA", help="Data folder of the bridge.")]
MaybeData = Annotated[
    Path | None, typer.Option("--data", envvar="POSTEX_DATA", help="Data folder of the bridge.", show_default=False)
]
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
