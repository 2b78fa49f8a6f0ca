"""`postex version`."""

from postex_tui.answers import answer
from postex_tui.options import AsJson


def version(as_json: AsJson = False) -> None:
    """Print the version."""
    from importlib import metadata

    number = metadata.version("postex")
    answer(as_json, {"version": number}, f"postex {number}")
