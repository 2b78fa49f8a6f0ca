"""`postex tui`, and `postex` alone on a terminal: the app in front of the running bridge."""

from typing import Annotated

import typer

from postex_tui.options import Data


def tui(
    data: Data,
    mine: Annotated[bool, typer.Option("--mine", help="One's own post alone; no file is written.")] = False,
) -> None:
    """The terminal app."""
    import httpx

    from bridge.api import serving
    from postex_tui.app import PostexApp
    from postex_tui.client import language
    from postex_tui.connection import Connection
    from postex_tui.data_folder import require

    require(data)
    with serving.address_of(data) as address:
        connection = Connection(lambda: httpx.AsyncHTTPTransport(uds=address), language())
        PostexApp(connection, confined=mine).run()
