"""Backups that cannot be made or used, in the words of the reader's language, also where no bridge is asked."""

from collections.abc import Iterator
from contextlib import contextmanager

from bridge.backup_words import WORDS
from bridge.i18n import text
from postex_tui.answers import Refusal
from postex_tui.language import language
from storage.errors import BackupRefused


@contextmanager
def refused() -> Iterator[None]:
    """Turn a `BackupRefused` into the refusal of the command."""
    try:
        yield
    except BackupRefused as error:
        words = text(language(), WORDS[error.reason], what=error.what)
        raise Refusal(f"backup-{error.reason}", words) from None
