"""The language in which one is spoken to before one has signed in."""

import os


def language() -> str:
    """What the terminal's locale asks for; English where it says nothing we have."""
    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "nl" if wanted.lower().startswith("nl") else "en"
