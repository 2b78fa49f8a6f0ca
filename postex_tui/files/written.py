"""Files that the app writes for a person: new ones only, readable by their owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bridge.i18n import N_, text
from postex_tui.answers import Refusal

NO_FILES = N_("Here no files are written. Open the web view to download this.")
THERE = N_("{path} is there already. Choose another name.")
NO_PLACE = N_("{path} is no place for a file.")
FAILED = N_("{path} cannot be written: {reason}.")


def keep(path: Path, content: bytes, locale: str) -> str:
    """Write it; where it is. `Refusal` where that cannot be, and then nothing is left of it."""
    with writing(path, locale) as file:
        file.write(content)
    return str(path.expanduser())


@contextmanager
def writing(path: Path, locale: str) -> Iterator[BinaryIO]:
    """A file to write piece by piece. Whatever goes wrong, nothing is left of it; `Refusal` if it is the disk."""
    try:
        path = path.expanduser()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refusal("file-there", text(locale, THERE, path=path)) from None
    except (RuntimeError, ValueError):  # the home of nobody; a NUL
        raise Refusal("no-file", text(locale, NO_PLACE, path=path)) from None
    except OSError as error:
        raise Refusal("no-file", text(locale, FAILED, path=path, reason=error.strerror)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
    except OSError as error:
        path.unlink(missing_ok=True)
        raise Refusal("no-file", text(locale, FAILED, path=path, reason=error.strerror)) from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
