"""Which language is spoken to somebody who has not signed in yet, and how texts are asked for."""

import os
from collections.abc import Callable

Say = Callable[..., str]
"""One of our own texts, with its values, in the language of the reader."""


def language() -> str:
    """What the terminal's locale asks for; English where it says nothing we have."""
    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "nl" if wanted.lower().startswith("nl") else "en"
