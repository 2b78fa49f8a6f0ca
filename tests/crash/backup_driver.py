"""A process to be killed: backs up again and again, or restores. `python -m tests.crash.backup_driver back-up …`"""

import sys
from pathlib import Path

from storage.backups import backup, restore
from storage.keys.master import MasterKey
from storage.keys.recovery import RecoveryKit
from tests import stores


def back_up(data: Path, destination: Path, keyrings: Path) -> None:
    with stores.opened(data) as store:
        print("ready", flush=True)
        for now in range(1_760_000_000, 1_760_001_000):
            backup.make(store, destination, keyrings, 35, "operator", now)


def restore_again(destination: Path, keyrings: Path, target: Path, kit: Path) -> None:
    def place(data: Path, master: MasterKey) -> None:
        master.save(data / "master.key")

    opened = RecoveryKit.parse(kit.read_text())
    print("ready", flush=True)
    restore.restore(destination, keyrings, target, opened, place, 1_760_002_000)


if __name__ == "__main__":
    {"back-up": back_up, "restore": restore_again}[sys.argv[1]](*map(Path, sys.argv[2:]))  # type: ignore[operator]
