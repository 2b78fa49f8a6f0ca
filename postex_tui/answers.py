"""What a command says at its end: words for people, or with --json exactly one object on standard output.

    {"error": {"code": "conflict", "message": "…"}}     with --json, when the command was refused (exit status ≠ 0)

The line on standard error is there in both cases.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import typer

USAGE = 2
"""Exit status for a wrong command line or a wrong setting: trying again changes nothing."""
FAILED = 1


class Refusal(Exception):
    """A command that cannot be carried out: a code for scripts, one clear line for people, an exit status."""

    def __init__(self, code: str, message: str, status: int = FAILED) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def answer(as_json: bool, content: Mapping[str, object], words: str) -> None:
    """The one answer of a command; an empty list is told, too."""
    typer.echo(json.dumps(content, ensure_ascii=False) if as_json else words or "None.")


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
        typer.echo(wrapped(f"postex: {line}"), err=True)
    if as_json:
        typer.echo(json.dumps({"error": {"code": refusal.code, "message": refusal.message}}, ensure_ascii=False))
    return refusal.status
