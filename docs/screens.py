"""Pictures of the terminal app for the README, of the real program: `make screens` writes docs/screens/NAME.svg.

A small office is made by the commands that an admin types, documents come in over SMTP, and `postex tui` runs in a
terminal (tmux) in front of the running bridge; what stands on its screen becomes the picture.
"""

import os
import re
import secrets
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from pyotp import TOTP
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from postex_tui.demo import traffic
from postex_tui.demo.documents import Document, pdf
from postex_tui.demo.office import COMMAND, DOMAIN, Bridge, Person, add_recipient, add_sender, postex
from tests import tmux
from tests.tmux import Terminal

SCREENS = Path(__file__).parent / "screens"
COLUMNS, ROWS = 112, 34
PASSWORD = secrets.token_hex(12)
STEP = 30
"""Seconds that a code of the second factor stands; each counts once."""
COLOURS = TerminalTheme((20, 24, 29), (217, 222, 227), [(0, 0, 0)] * 8)
SENDERS = (
    ("energie", "Energie BV", "facturen@energie.test"),
    ("gemeente", "Gemeente Veldstad", "post@veldstad.test"),
)
PEOPLE = (("anna", "Anna de Vries"), ("bram", "Bram Jansen"), ("chris", "Chris Bakker"), ("dina", "Dina El Amrani"))


@dataclass(frozen=True, slots=True)
class Insider:
    """Somebody who has enrolled; `secret` of their second factor."""

    email: str
    secret: str

    def code(self) -> str:
        """Of the step after the one that enrolment used up."""
        return TOTP(self.secret).at(int(time.time()) + STEP)


def enrol(data: Path, state: Path, email: str, code: str) -> Insider:
    environ = {"XDG_STATE_HOME": str(state / email), "POSTEX_ENROLMENT_CODE": code, "POSTEX_NEW_PASSWORD": PASSWORD}
    secret = postex(data, "enrol", email, "--begin", environ=environ)["secret"]
    first = TOTP(secret).at(int(time.time()))
    postex(data, "enrol", email, "--first-code", first, "--accept", "managed", environ=environ)
    return Insider(email, secret)


def hand_in(bridge: Bridge, senders: list[Person], people: list[Person]) -> None:
    """Some documents of each sender to each person."""
    paper = Document("document.pdf", pdf(["A document"]))
    for number in range(12):
        sender, readers = senders[number % len(senders)], people[: number % len(people) + 1]
        traffic.hand_in(bridge, traffic.compose(sender, readers, f"Document {number}", "Attached.", paper), True)


def sign_in(terminal: Terminal, who: Insider) -> None:
    terminal.until("Your address")
    for value in (who.email, PASSWORD, who.code()):
        terminal.type(value)
        terminal.press("Enter")
    terminal.until("●")
    terminal.still()


def save(terminal: Terminal, name: str) -> None:
    """The screen with its colours, without fonts from elsewhere: every monospace font will do."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    for line in terminal.screen(colours=True).rstrip("\n").split("\n"):
        console.print(Text.from_ansi(line), overflow="crop", no_wrap=True)
    drawn = console.export_svg(title=f"postex: {name}", theme=COLOURS)
    SCREENS.mkdir(exist_ok=True)
    (SCREENS / f"{name}.svg").write_text(
        re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), encoding="utf-8"
    )


def pictures(folder: Path) -> None:
    data = folder / "data"
    owner = postex(data, "init", "--domain", DOMAIN, "--country", "NL")["owner"]
    senders = [add_sender(data, *each) for each in SENDERS]
    people = [add_recipient(data, *each) for each in PEOPLE]
    admin = postex(data, "account", "add", f"bob@{DOMAIN}", "--name", "Bob Smit")
    postex(data, "role", "grant", f"bob@{DOMAIN}", "domain-admin", "--domain", DOMAIN)
    bridge = Bridge.start(data, folder / "log")
    try:
        hand_in(bridge, senders, people)
        enrol(data, folder, owner["account"], owner["enrolment_code"])
        bob = enrol(data, folder, f"bob@{DOMAIN}", admin["enrolment_code"])
        anna = enrol(data, folder, people[0].username, people[0].enrolment_code)
        show(folder, data, {"dashboard": bob, "preferences": anna})
    finally:
        bridge.stop()


def show(folder: Path, data: Path, views: dict[str, Insider]) -> None:
    """By the name of the picture, who looks: at the section where one is after signing in."""
    for name, who in views.items():
        command = [*COMMAND, "tui", "--data", str(data)]
        with tmux.opened(folder, command, width=COLUMNS, height=ROWS) as terminal:
            sign_in(terminal, who)
            time.sleep(1)
            terminal.still()
            save(terminal, name)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="postex-screens-") as folder:
        pictures(Path(folder))


if __name__ == "__main__":
    main()
