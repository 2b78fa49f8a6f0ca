"""`postex web`: the terminal app for browsers, behind a TLS proxy."""

from typing import Annotated

import typer

from postex_tui.answers import USAGE, Refusal
from postex_tui.commands.tui import Mine, Shared, own_socket
from postex_tui.options import Data

Host = Annotated[str, typer.Option(help="Address to listen on; the TLS proxy is on the same machine.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
PublicUrl = Annotated[
    str | None,
    typer.Option(help="Where browsers find it, such as https://post.example.org.", show_default="http://HOST:PORT"),
]


def web(
    data: Data,
    host: Host = "127.0.0.1",
    port: Port = 8090,
    public_url: PublicUrl = None,
    mine: Mine = False,
    socket: Shared = None,
) -> None:
    """Serve the terminal app to browsers. Everybody signs in within the app."""
    import sys

    from postex_tui.web.serving import Pages, is_address

    if public_url is not None and not is_address(public_url):
        raise Refusal(
            "usage", f"{public_url} is no address of the web; write it like https://post.example.org", USAGE
        )
    way = ["--socket", str(socket.resolve())] if socket else ["--data", str(own_socket(data).parent.resolve())]
    command = [sys.executable, "-m", "postex_tui.cli", "tui", *way, *(["--mine"] if mine else [])]
    try:
        Pages(command, host, port, public_url).serve()
    except OSError as error:
        raise Refusal("cannot-listen", f"cannot listen on {host}: {error.strerror}") from None
