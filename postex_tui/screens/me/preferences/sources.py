"""Where a choice comes from, as its recipient is told."""

from bridge.i18n import N_
from postex_tui.language import Say
from postex_tui.screens.words.choices import HINDRANCES

SOURCES = {
    "recipient-sender-type": N_("you, this type"),
    "recipient-sender": N_("you, this sender"),
    "recipient": N_("you, for all"),
    "domain-type": N_("your domain, type"),
    "domain": N_("your domain"),
    "default": N_("nobody"),
}


def source_words(source: str, say: Say) -> str:
    """Of a level, or of what stood in the way."""
    words = SOURCES.get(source) or HINDRANCES.get(source)
    return say(words) if words else source
