"""Opening a data folder for one command, while no bridge runs on it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from postex_tui.answers import USAGE, Refusal
from storage.errors import DataFolderLocked, LogDamaged, NotFound, Tampered

if TYPE_CHECKING:
    from bridge.settings import Settings
    from storage.database import Store
    from storage.keys.master import MasterKey
    from storage.records import Account


def settings_of(data: Path) -> "Settings":
    """Checked settings; a wrong one ends the command with exit status 2."""
    from bridge import settings

    try:
        return settings.load(data)
    except settings.SettingsError as error:
        raise Refusal("settings", str(error), USAGE) from None


def refuse_unfinished(data: Path) -> None:
    """End the command if a restore was cut off there."""
    if (data / "restore.partial").exists():
        raise Refusal("restore-unfinished", f"{data}: a restore was cut off there; run the same postex restore again")


def require(data: Path) -> None:
    """End the command if `init` has not made this folder."""
    refuse_unfinished(data)
    if not (data / "postex.db").exists():
        command = f"postex init --data {data} --domain … --country …"
        where = "say with --data or POSTEX_DATA where it is"
        raise Refusal("no-data", f"{data} holds no bridge; {where}, or make one with: {command}")


def master_key(data: Path, settings: "Settings") -> "MasterKey":
    """From where the settings say it is."""
    from storage.keys.master import MasterKey

    return MasterKey.load(data / settings.storage.master_key_file)


def open_locked(data: Path, settings: "Settings") -> "Store":
    """The store, held by this process alone."""
    from storage.database import Store

    require(data)
    master = master_key(data, settings)
    try:
        with locked_words(data):
            return Store.open(data, master)
    except LogDamaged:
        what = (
            "the log of the database is damaged: its last changes cannot be read. Restore a backup, or go on without"
        )
        raise Refusal("log-damaged", f"{what} them with: postex repair --data {data}") from None
    except Tampered as error:
        remedy = "is it the right master key? If so the file is damaged: restore a backup"
        raise Refusal("tampered", f"{data} does not open ({error}); {remedy}") from None


@contextmanager
def locked_words(data: Path) -> Iterator[None]:
    """Say it well if another process holds the folder."""
    try:
        yield
    except DataFolderLocked:
        in_use = "is in use by a running bridge or another command; stop it first, then try again"
        raise Refusal("data-folder-locked", f"{data} {in_use}") from None


def account_of(store: "Store", email: str) -> "Account":
    """The account of an address."""
    from storage.people import accounts

    try:
        return store.read_now(accounts.by_email, email.lower())
    except NotFound:
        raise Refusal("not-found", f"there is no account {email}") from None


@contextmanager
def opened(data: Path) -> Iterator["Store"]:
    """The store for one command; closed at its end."""
    from bridge import logs

    settings = settings_of(data)
    # Standard output belongs to the answer.
    logs.configure("warning")
    store = open_locked(data, settings)
    try:
        yield store
    finally:
        store.close()


def now() -> int:
    """The time of this command."""
    return int(time.time())
