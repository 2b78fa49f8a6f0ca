"""`postex repair`: go on after damage in the database's log."""

from typing import TYPE_CHECKING

from postex_tui.answers import answer
from postex_tui.options import AsJson, Data

if TYPE_CHECKING:
    from pathlib import Path


def repair(data: Data, as_json: AsJson = False) -> None:
    """Go on from the last change that can be read when the bridge says that its log is damaged."""
    lost = _repaired(data)
    words = (
        f"{lost} changes behind the damage could not be read and are given up; the damaged log is kept as"
        f" {data / 'postex.db-wal.damaged'}. Ask senders to hand in again what they sent last."
        if lost
        else "The log is whole; nothing was changed."
    )
    answer(as_json, {"commits_lost": lost}, words)


def _repaired(data: "Path") -> int:
    from postex_tui.data_folder import locked_words, master_key, now, require, settings_of
    from storage.database import DATABASE_NAME
    from storage.engine.connections import Database
    from storage.engine.repair import give_up_unreadable

    require(data)
    keys = master_key(data, settings_of(data)).derive()
    with locked_words(data):
        return give_up_unreadable(data, Database(data / DATABASE_NAME, keys.database), now())
