"""`postex web`: the terminal app for browsers, behind a TLS proxy."""

from typing import Annotated

import typer

from postex_tui.options import Data

Host = Annotated[str, typer.Option(help="Address to listen on; the TLS proxy is on the same machine.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
PublicUrl = Annotated[
    str | None,
    typer.Option(help="Where browsers find it, such as https://post.example.org.", show_default="http://HOST:PORT"),
]
Mine = Annotated[bool, typer.Option("--mine", help="One's own post alone: no office, no sending.")]


def web(
    data: Data, host: Host = "127.0.0.1", port: Port = 8090, public_url: PublicUrl = None, mine: Mine = False
) -> None:
    """Serve the terminal app to browsers. Everybody signs in within the app."""
    import sys

    from postex_tui.data_folder import require
    from postex_tui.web.serving import Pages

    require(data)
    command = [sys.executable, "-m", "postex_tui.cli", "tui", "--data", str(data.resolve())]
    Pages([*command, *(["--mine"] if mine else [])], host, port, public_url).serve()
