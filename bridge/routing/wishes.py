"""The words by which a reader says in a mail how a sender's documents are to come: Dutch and English (D2).

Contract. Pure. `read(text)` takes what the writer wrote (`bridge.mail.new_text`) and gives the one wish in it.
Careful on purpose: the line that carries the wish may hold nothing but its words and courtesies, other lines nothing
that is a word for something else, and no `not` anywhere. A word in quotation marks is somebody else's, a channel with
a question mark a question. What is not understood changes nothing.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from storage.deliveries.terms import Channel


class Act(Enum):
    CHOOSE = auto()
    UNDO = auto()
    SHOW = auto()


@dataclass(frozen=True, slots=True)
class Wish:
    act: Act
    channel: Channel | None = None


MOST_LINES = 40
_WORDS = {
    "papier": Channel.PAPER,
    "paper": Channel.PAPER,
    "e-mail": Channel.EMAIL,
    "email": Channel.EMAIL,
    "postvak": Channel.MAILBOX,
    "mailbox": Channel.MAILBOX,
    "extern": Channel.EXTERNAL,
    "external": Channel.EXTERNAL,
    "stop": Channel.REFUSE,
    "stoppen": Channel.REFUSE,
    "refuse": Channel.REFUSE,
    "weiger": Channel.REFUSE,
    "weigeren": Channel.REFUSE,
    "unsubscribe": Channel.REFUSE,
    "afmelden": Channel.REFUSE,
}
_ACTS = {
    "undo": Act.UNDO,
    "ongedaan": Act.UNDO,
    "terugdraaien": Act.UNDO,
    "preferences": Act.SHOW,
    "voorkeuren": Act.SHOW,
}
_COURTESIES = frozenset(
    [
        "graag",
        "please",
        "alstublieft",
        "alsjeblieft",
        "aub",
        "a.u.b",
        "svp",
        "bedankt",
        "dank",
        "dankjewel",
        "thanks",
        "thank",
        "you",
        "u",
        "je",
        "jullie",
        "wel",
        "met",
        "by",
        "on",
        "per",
        "op",
        "in",
        "to",
        "via",
        "naar",
        "het",
        "de",
        "the",
        "my",
        "mijn",
        "me",
        "mij",
        "it",
        "dit",
        "this",
        "them",
        "ze",
        "send",
        "stuur",
        "wil",
        "ik",
        "i",
        "want",
        "would",
        "like",
        "voortaan",
        "now",
        "from",
        "maken",
        "draaien",
        "terug",
        "keuze",
    ]
)
_GREETING = re.compile(r"(beste|hallo|hoi|dag|geachte|goedemorgen|goedemiddag|goedenavond|hello|hi|dear|good)\b")
_NOT = frozenset(["niet", "geen", "nooit", "not", "no", "never", "don't", "dont", "don’t"])
_SAID_BY_OTHERS = re.compile(r"[\"“”„«»‹›‘`]|(?<!\w)'")
_TOKEN = re.compile(r"[\w.’'-]+")


def read(text: str) -> Wish | None:
    """The wish, None if there is none, or two."""
    written = [line for line in text.splitlines() if line.strip()][:MOST_LINES]
    while written and _GREETING.match(" ".join(_tokens(written[0]))):
        written = written[1:]
    lines = [_tokens(line) for line in written]
    if not lines or any(word in _NOT for line in lines for word in line):
        return None
    said = {wish for line in lines for word in line if (wish := _wish(word)) is not None}
    understood = all(_wish(word) is not None or word in _COURTESIES for word in lines[0])
    if len(said) != 1 or not understood or not any(map(_wish, lines[0])):
        return None
    (wish,) = said
    return None if _is_anothers(written, wish) else wish


def is_silent(text: str) -> bool:
    """Whether nothing in a text is a word for or against anything."""
    words = [word for line in text.splitlines()[:MOST_LINES] for word in _tokens(line)]
    return not any(word in _NOT or _wish(word) is not None for word in words)


def _is_anothers(written: list[str], wish: Wish) -> bool:
    """Whether the word for the wish is quoted, or asked."""
    saying = [line for line in written if any(map(_wish, _tokens(line)))]
    asked = wish.act is Act.CHOOSE and "?" in written[0]
    return asked or any(_SAID_BY_OTHERS.search(line) for line in saying)


def _tokens(line: str) -> list[str]:
    return [word.strip(".'’-") for word in _TOKEN.findall(line.lower()) if word.strip(".'’-")]


def _wish(word: str) -> Wish | None:
    if word in _WORDS:
        return Wish(Act.CHOOSE, _WORDS[word])
    return Wish(_ACTS[word]) if word in _ACTS else None
