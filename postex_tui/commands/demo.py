"""`postex demo`: the main job done for real, and checked."""

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[
    Path | None,
    typer.Option(
        "--data", envvar="DEMO_DATA", help="Folder to make and keep. Default: a temporary one.", show_default=False
    ),
]
Documents = Annotated[
    Path | None, typer.Option(help="Folder of PDF files to hand in beside its own.", show_default=False)
]
Once = Annotated[bool, typer.Option("--once", envvar="DEMO_ONCE", help="End after the checks.")]


def demo(data: Folder = None, documents: Documents = None, once: Once = False) -> int:
    """Make a bridge, hand documents in, read them back, look at the disk; then wait for your mail client."""
    from postex_tui.demo import walk

    return walk.run(data, documents, once)
