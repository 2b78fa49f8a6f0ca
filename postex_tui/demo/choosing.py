"""A recipient who decides: enrols, moves a document into Delivery/Paper, and gets the sender's next one as a letter.

The folder is named in Dutch, the language of an account that chose none. Letters go into a hot folder, out of which a
print system would take them.
"""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postex_tui.demo import DemoFailed, traffic
from postex_tui.demo.office import Bridge, Person, postex
from postex_tui.demo.traffic import SECONDS, HandIn, ok, session

PAPER = "Bezorging/Papier"
ADDRESS = ("Kade 12", "1071 AA  Amsterdam")
_CODE_SECONDS = 30


def put_up_printer(data: Path, letters: Path) -> None:
    """In the settings, as an admin writes it."""
    letters.mkdir(exist_ok=True)
    with (data / "postex.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[printer]\nfolder = "{letters.resolve()}"\ncountry = "NL"\n')


@dataclass(frozen=True, slots=True)
class Owner:
    """A person who has taken the account over, with a session of the command line."""

    data: Path
    person: Person
    state: Path
    """Where the session lies."""
    password: str = field(default="vier losse woorden achterelkaar", repr=False)

    def enrol(self) -> None:
        """Second factor, password, recovery codes; then a session, and a postal address."""
        email = self.person.username
        secrets = {"POSTEX_ENROLMENT_CODE": self.person.enrolment_code, "POSTEX_NEW_PASSWORD": self.password}
        secret = self.postex("enrol", email, "--begin", **secrets)["secret"]
        now = time.time()
        first, second = _code(secret, now), _code(secret, now + _CODE_SECONDS)  # each code counts once
        self.postex("enrol", email, "--first-code", first, "--accept", "managed", **secrets)
        self.postex("login", email, POSTEX_PASSWORD=self.password, POSTEX_CODE=second)
        self.postex("me", "address", "set", *ADDRESS, "--country", "NL")

    def why(self, message_id: str) -> str:
        """How what `postex explain` says begins: the kind of document, the channel and its reason."""
        return " ".join(self.postex("explain", message_id)["steps"][:2])

    def postex(self, *arguments: str, **secrets: str) -> dict[str, Any]:
        return postex(self.data, *arguments, environ={"XDG_STATE_HOME": str(self.state), **secrets})


def _code(secret: str, at: float) -> str:
    """Of the second factor, as an app shows it at that moment."""
    from pyotp import TOTP

    return TOTP(secret).at(int(at))


def choose_paper(bridge: Bridge, reader: Person, each: HandIn) -> str:
    """Subject of the confirmation, once the document lies in INBOX again as it was; what is chosen for the sender
    stands in a second message. Raises `DemoFailed`.
    """
    known = traffic.read_back(bridge, reader)
    move(bridge, reader, each)
    now = traffic.read_back(bridge, reader)
    traffic.check_same(each, reader, now)
    told = [message for message in now if message not in known and traffic.is_notice(message)]
    if not told:
        raise DemoFailed(f"{reader.address} got no confirmation")
    return traffic.subject(told[0])


def move(bridge: Bridge, reader: Person, each: HandIn) -> None:
    """Put a document of INBOX into the folder for paper, as a mail client does. Raises `DemoFailed`."""
    asyncio.run(asyncio.wait_for(_move(bridge, reader, each), SECONDS))


async def _move(bridge: Bridge, reader: Person, each: HandIn) -> None:
    async with session(bridge, reader) as client:
        found = ok(await client.uid_search(f'SUBJECT "{each.subject}"'), "SEARCH")
        uid = bytes(found.lines[0]).decode().split()
        if len(uid) != 1:
            raise DemoFailed(f"{reader.address} has {len(uid)} messages “{each.subject}”")
        ok(await client.uid("move", uid[0], f'"{PAPER}"'), f"MOVE to {PAPER}")


@dataclass(frozen=True, slots=True)
class PrintFolder:
    """The hot folder, and what lay in it before."""

    folder: Path
    before: frozenset[Path]

    @classmethod
    def watch(cls, folder: Path) -> "PrintFolder":
        return cls(folder, frozenset(folder.glob("*.pdf")))

    def letters(self) -> list[Path]:
        return sorted(set(self.folder.glob("*.pdf")) - self.before)

    def next(self) -> Path:
        """Waits for the one letter that is to come. Raises `DemoFailed`."""
        end = time.monotonic() + SECONDS
        while not self.letters():
            if time.monotonic() > end:
                raise DemoFailed(f"no letter came into {self.folder} within {SECONDS:.0f} s")
            time.sleep(0.02)
        return self.only()

    def only(self) -> Path:
        """The one letter, however often it was handed in. Raises `DemoFailed`."""
        if len(found := self.letters()) != 1:
            raise DemoFailed(f"{self.folder} holds {len(found)} letters; one document was to be printed")
        return found[0]


def pages(letter: Path, each: HandIn) -> int:
    """How many the letter has, once the document's own page was found in it. Raises `DemoFailed`."""
    from pikepdf import Pdf, Stream

    words = f"({each.subject}) Tj".encode()
    with Pdf.open(letter) as pdf:
        if not any(words in _content(one) for one in pdf.objects if isinstance(one, Stream)):
            raise DemoFailed(f"{letter} does not hold the page of “{each.subject}”")
        return len(pdf.pages)


def _content(stream: Any) -> bytes:
    from pikepdf import PdfError

    try:
        return bytes(stream.read_bytes())
    except PdfError:  # pictures in formats of their own
        return b""
