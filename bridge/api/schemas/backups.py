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


class DrillIn(Schema):
    backup: Annotated[str, Field(max_length=40)] | None = None
    """Id; none: the newest."""
    kit: Annotated[str | None, Field(max_length=200, repr=False)] = None
    """The recovery kit, to see that it fits: used for this one drill, kept nowhere."""


class DrillOut(Schema):
    """How a restore drill went."""

    backup: str
    at: int
    seconds: int
    with_kit: bool
    problem: str | None
    """A reason's code; null: all held."""
    words: str | None
    """The same for people."""
    accounts: int | None
    documents: int | None
    copies: int | None
    bodies: int | None
    canary: bool | None
    head: str | None
    """What the restored audit log says to the bridge's own head: `holds`, or `cut` as it goes on since."""


class RunningDrillOut(Schema):
    backup: str | None
    started_at: int
    done: int
    """Body files copied."""
    total: int


class DrillsOut(Schema):
    running: RunningDrillOut | None
    drills: list[DrillOut]
    """Newest first."""


class KeptOut(Schema):
    """A backup that lies somewhere."""

    id: str
    kind: str
    folder: str
    made_at: int
    whole: bool
    altered: bool
    """Its manifest is not what this bridge signed."""
    bytes: int | None
    accounts: int | None
    documents: int | None
    by: str | None
    """Who had it made: `operator` (a timer, or somebody on the machine) or `account` (an owner)."""
    drill: DrillOut | None
    """The latest."""


class BackupsOut(Schema):
    items: list[KeptOut]
    keep_days: int
    keyring_keep_days: int
    now: int
    """By which ages are told."""
