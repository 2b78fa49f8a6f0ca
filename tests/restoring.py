"""A bridge whose recovery kit is known, and what an admin does with it: back up, restore on a new machine."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storage.backups import backup
from storage.keys.master import MasterKey, ServerKeys
from storage.keys.recovery import RecoveryKit, seal_master
from tests import stores, warm
from tests.control import Desk
from tests.running import COMMAND, PostOffice, postex


@dataclass
class Kept:
    """An office, its kit on paper, and two folders on other disks."""

    office: PostOffice
    kit: str = field(repr=False)
    backups: Path
    keyrings: Path

    @classmethod
    def create(cls, folder: Path, recipients: tuple[str, ...] = ("anna", "bram")) -> "Kept":
        office = PostOffice.create(folder / "data", recipients)
        return cls(office, office.kit, folder / "backups", folder / "keyrings")

    @property
    def keys(self) -> ServerKeys:
        return MasterKey.load(self.office.data / "master.key").derive()

    def back_up(self) -> dict[str, Any]:
        return postex("backup", str(self.backups), "--keyring", str(self.keyrings), data=self.office.data)

    def restore(self, target: Path, source: Path | None = None, *more: str) -> tuple[PostOffice, dict[str, Any]]:
        """Onto a new machine: nothing of the old data folder is used."""
        done = run("restore", source or self.backups, "--keyring", self.keyrings, *more, data=target, text=self.kit)
        assert done.returncode == 0, done.stderr
        return PostOffice(target, self.office.sender, dict(self.office.recipients)), json.loads(done.stdout)


def run(*arguments: str | Path, data: Path, text: str) -> subprocess.CompletedProcess[str]:
    """`postex` with the kit on standard input, in English."""
    return warm.run([*COMMAND, *arguments, "--kit", "-", "--data", data, "--json"], text, LC_ALL="C.UTF-8")


def with_kit(desk: Desk) -> RecoveryKit:
    """As `init` leaves the folder: the master key sealed to a recovery kit."""
    kit, sealed = RecoveryKit.generate(), desk.data / backup.RECOVERY / backup.SEALED_MASTER
    sealed.parent.mkdir(exist_ok=True)
    sealed.write_bytes(seal_master(kit.public_key, MasterKey.load(desk.data / stores.KEY_NAME)))
    return kit
