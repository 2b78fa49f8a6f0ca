"""A lone Escape is known for what it is within some 20 ms.

Arrows and the like begin with the same octet, so that one waits whether more comes. Textual waits a tenth of a second
and looks ten times a second: 100 to 200 ms. What comes apart on its way over SSH comes within some milliseconds.
`ESCDELAY` of the environment, in milliseconds as for curses, holds where it is set.
"""

import os
import selectors
from codecs import getincrementaldecoder

from textual import constants
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

DELAY = 0.02
AT_REST = 0.1
"""Seconds until it looks whether the app has ended."""
_ESCAPE = b"\x1b"

if "ESCDELAY" not in os.environ:
    constants.ESCAPE_DELAY = DELAY  # type: ignore[misc]


class Attentive(LinuxDriver):
    """Looks again as soon as what has begun with an Escape can have been all."""

    def run_input_thread(self) -> None:
        parser, decode = XTermParser(), getincrementaldecoder("utf-8")().decode
        typed = b""
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                has_more = selector.select(constants.ESCAPE_DELAY + 0.001 if _ESCAPE in typed else AT_REST)
                typed = os.read(self.fileno, 4096) if has_more else b""
                for event in (*(parser.feed(text) if (text := decode(typed)) else ()), *parser.tick()):
                    self.process_message(event)


def attend(app: App[None]) -> None:
    """For an app that draws on a terminal; one that draws elsewhere stays as it is."""
    if app.driver_class is LinuxDriver:
        app.driver_class = Attentive
