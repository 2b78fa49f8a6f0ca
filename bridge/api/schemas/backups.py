"""Backups."""

from typing import Annotated

from pydantic import Field

from bridge.api.schemas import Schema

Folder = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]+$")]


class BackupIn(Schema):
    destination: Folder
    """Whole path of a folder on the bridge's machine."""
    keyring_destination: Folder | None = None
    """For keyring.db, which never goes with the rest; without one it is not backed up."""


class BackupOrderIn(BackupIn):
    """From who can read the master key on the machine: for timers, which cannot sign in."""

    at: int
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]


class BackupOut(Schema):
    id: str
    made_at: int
    folder: str
    accounts: int
    documents: int
    copies: int
    bodies: int
    copied_bodies: int
    """The others were in the destination already."""
    body_bytes: int
    unreadable_bodies: int
    """Bodies that the disk did not give: they are not in the backup."""
    audit_position: int
    keyring_folder: str | None
    expired: int
    """Older backups that were deleted."""


class KeptOut(Schema):
    """A backup that lies somewhere."""

    kind: str
    folder: str
    made_at: int
    whole: bool


class BackupsOut(Schema):
    items: list[KeptOut]
    keep_days: int
    keyring_keep_days: int
