"""Where `postex login` keeps the bearer token of a session: a file of the user's own, 0600, one per data folder.

POSTEX_TOKEN in the environment goes before the file: for scripts.
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

VARIABLE = "POSTEX_TOKEN"


def load(data: Path) -> str | None:
    """The token for this data folder; None if nobody signed in."""
    given = os.environ.get(VARIABLE)
    if given:
        return given.strip()
    with suppress(OSError):
        return _file(data).read_text(encoding="ascii").strip() or None
    return None


def save(data: Path, token: str) -> Path:
    """Keep it; returns the file. What was there is replaced, and nobody else could read it for a moment."""
    file = _file(data)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as written:
        written.write(token + "\n")
    fresh.replace(file)
    return file


def forget(data: Path) -> None:
    """Nothing happens if there is none."""
    _file(data).unlink(missing_ok=True)


def _file(data: Path) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "postex" / sha256(str(data.resolve()).encode()).hexdigest()[:16]
