"""`postex tui`, and `postex` alone on a terminal: the app in front of the running bridge."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postex_tui.answers import USAGE, Refusal
from postex_tui.options import Data

if TYPE_CHECKING:
    from postex_tui.app import PostexApp

DRIVER = "TEXTUAL_DRIVER"
"""Set where no terminal is drawn on: in a browser."""
BROWSER = "textual.drivers.web_driver:WebDriver"
HARMLESS = frozenset({"TEXTUAL_FPS", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_ANIMATIONS", "TEXTUAL_DIM_FACTOR"})
"""What a person may set of Textual: how it draws."""
CANNOT_DRAW = ("", "dumb", "unknown")
Mine = Annotated[bool, typer.Option("--mine", help="One's own post alone; no file is written.")]
Shared = Annotated[
    Path | None,
    typer.Option(
        "--socket",
        help="The bridge's shared socket, for a user who may not read the data folder.",
        show_default=False,
    ),
]


def tui(data: Data, mine: Mine = False, socket: Shared = None) -> int:
    """The terminal app."""
    _forget_what_watches()
    _require_terminal()
    if socket is not None or mine or DRIVER in os.environ:
        return _open(socket or own_socket(data), mine)
    return _open_folder(data)


def _open(socket: Path, mine: bool) -> int:
    """By a socket alone: for whoever need not be able to read the data folder."""
    import httpx

    from bridge.api import sockets
    from postex_tui.app import PostexApp
    from postex_tui.connection import Connection
    from postex_tui.language import language

    if not socket.parent.is_dir():
        raise Refusal("no-bridge", f"{socket.parent} does not exist; is the bridge running, with a shared socket?")
    with sockets.reach(socket) as address:
        connection = Connection(lambda: httpx.AsyncHTTPTransport(uds=address), language())
        return _run(PostexApp(connection, confined=mine, unicode=_has_unicode()))


def _open_folder(data: Path) -> int:
    """On the machine of the bridge: where none is yet, one is made."""
    from postex_tui.app import PostexApp
    from postex_tui.connection import Connection
    from postex_tui.data_folder import refuse_unfinished
    from postex_tui.first_run.beginning import Beginning
    from postex_tui.language import language
    from postex_tui.late_door import LateDoor

    beginning = Beginning(data.absolute())
    refuse_unfinished(beginning.data)
    connection = Connection(lambda: LateDoor(lambda: beginning.data), language())
    return _run(PostexApp(connection, unicode=_has_unicode(), beginning=beginning))


def _run(app: "PostexApp") -> int:
    from postex_tui.terminal import escape, pauses

    escape.attend(app)
    pauses.few()
    app.run()
    return app.return_code or 0


def _forget_what_watches() -> None:
    """Textual's variables for developers write keys and screens to files, type by themselves, run other code: nothing
    that stands in an environment may do that here. For Textual to heed, before it is imported.
    """
    for name in [each for each in os.environ if each.startswith("TEXTUAL") and each not in HARMLESS]:
        if (name, os.environ[name]) != (DRIVER, BROWSER):
            del os.environ[name]


def _has_unicode() -> bool:
    from postex_tui.terminal.ascii_only import is_needed

    return DRIVER in os.environ or not is_needed(os.environ, sys.stdout.encoding)


def _require_terminal() -> None:
    """`Refusal` where nothing could be drawn; `postex web` draws by another way."""
    if DRIVER in os.environ:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refusal("no-terminal", "the app needs a terminal; over SSH ask for one: ssh -t", USAGE)
    if os.environ.get("TERM", "dumb") in CANNOT_DRAW:
        raise Refusal("no-terminal", f"TERM is {os.environ.get('TERM', 'not set')}: the app cannot draw there", USAGE)


def own_socket(data: Path) -> Path:
    """The socket in a data folder; `Refusal` where there is no bridge."""
    from bridge.api import sockets
    from postex_tui.data_folder import require

    require(data)
    return data / sockets.SOCKET
