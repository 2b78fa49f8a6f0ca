"""Where a choice comes from, as the office is told: a mark in a cell, and in words."""

from bridge.i18n import N_
from postex_tui.language import Say
from postex_tui.screens.words.choices import HINDRANCES

MARKS = {
    "recipient-sender-type": "◆",
    "recipient-sender": "●",
    "recipient": "○",
    "domain-type": "■",
    "domain": "□",
    "default": "·",
}
OTHERWISE = "!"
"""Something stood in the way of what was chosen."""
_WORDS = {
    "recipient-sender-type": N_("own choice, this type"),
    "recipient-sender": N_("own choice, this sender"),
    "recipient": N_("own choice, all senders"),
    "domain-type": N_("the domain, this type"),
    "domain": N_("the domain"),
    "default": N_("nobody chose"),
}


def mark_words(source: str, say: Say) -> str:
    """Of a level, or of what stood in the way."""
    words = _WORDS.get(source) or HINDRANCES.get(source)
    return say(words) if words else source


def legend(say: Say) -> str:
    """What the marks mean."""
    told = [f"{mark} {say(_WORDS[source])}" for source, mark in MARKS.items()]
    return "  ".join([*told, f"{OTHERWISE} {say(N_('could not be had'))}"])
