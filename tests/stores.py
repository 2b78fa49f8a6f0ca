"""Empty data folders for tests: made once in a process, copied from then on. Each new one would run all migrations,
0.1 s of work; how a folder comes to be is shown in unit/storage/test_database and test_migrations.
"""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from storage.database import Store
from storage.keys.master import MasterKey

KEY_NAME = "master.key"


def create(data: Path) -> MasterKey:
    """An empty store at `data`, with its master key beside it; all of one process have the same key."""
    shutil.copytree(_made(), data, dirs_exist_ok=True)
    return MasterKey.load(data / KEY_NAME)


def opened(data: Path) -> Store:
    """A data folder that was made before."""
    return Store.open(data, MasterKey.load(data / KEY_NAME))


def new(data: Path) -> Store:
    """`create`, and open it."""
    create(data)
    return opened(data)


@cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="postex-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    master, data = MasterKey.generate(), folder / "data"
    Store.create(data, master)
    master.save(data / KEY_NAME)
    return data
