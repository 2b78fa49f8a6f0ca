"""Options and arguments that several commands share, and nothing that takes time to import."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option("--data", envvar="POSTEX_DATA", help="Data folder of the bridge.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]
Email = Annotated[str, typer.Argument(help="Address of the account.", show_default=False)]
FullName = Annotated[str, typer.Option("--name", help="Name shown with the account.")]
Locale = Annotated[str, typer.Option("--locale", help="Language of what Postex writes to it: nl or en.")]
NewDevice = Annotated[
    str | None, typer.Option("--device", help="Make a device password too, under this label.", show_default=False)
]
