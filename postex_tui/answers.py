"""What a command says at its end: words for people, or with --json exactly one object on standard output.

    {"error": {"code": "conflict", "message": "…"}}     with --json, when the command was refused (exit status ≠ 0)

The line on standard error is there in both cases. What strangers wrote (names, addresses, labels) moves no cursor and
turns no line: words pass `safe_text`, and JSON says as an escape what a terminal would obey (security.md).
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer

from postex_tui.terminal.safe_text import safe_text

USAGE = 2
"""Exit status for a wrong command line or a wrong setting: trying again changes nothing."""
FAILED = 1
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What `json` leaves as it is though terminals do not: DEL, C1, and what turns the direction of reading."""


class Refusal(Exception):
    """A command that cannot be carried out: a code for scripts, one clear line for people, an exit status.

    `errors`: what of it is wrong, for forms: the `field` that the API names and the `limit` it missed, or what was
    `given`.
    """

    def __init__(
        self, code: str, message: str, status: int = FAILED, errors: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.errors = errors


def answer(as_json: bool, content: Mapping[str, object], words: str) -> None:
    """The one answer of a command; an empty list is told, too."""
    typer.echo(as_line(content) if as_json else fit(words) or "None.")


def as_line(content: Mapping[str, object]) -> str:
    """JSON in one line; letters of all languages stay readable."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(content, ensure_ascii=False))


def fit(words: str) -> str:
    """Lines of any length, fit for a terminal."""
    return safe_text(words, len(words) + 1, lines=True)


@contextmanager
def absent(words: str) -> Iterator[None]:
    """Where the answer «there is no such thing» can have one cause alone: that, in words."""
    try:
        yield
    except Refusal as refusal:
        raise Refusal(
            refusal.code, words if refusal.code == "not-found" else refusal.message, refusal.status
        ) from None


def wrapped(text: str) -> str:
    """Long lines broken between words where a person reads them on a terminal; for a pipe as they are."""
    if not sys.stderr.isatty():
        return text
    import shutil
    import textwrap

    width = shutil.get_terminal_size().columns
    return "\n".join(
        line if len(line) <= width else textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


def refuse(as_json: bool, refusal: Refusal) -> int:
    """Tell why not; returns the exit status."""
    for line in refusal.message.splitlines():
        typer.echo(wrapped(fit(f"postex: {line}")), err=True)
    if as_json:
        typer.echo(as_line({"error": {"code": refusal.code, "message": refusal.message}}))
    return refusal.status
