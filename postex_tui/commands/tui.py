"""`postex tui`, and `postex` alone on a terminal: the app in front of the running bridge."""

from postex_tui.options import Data


def tui(data: Data) -> None:
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
        PostexApp(connection).run()
