"""Where each document goes within the archive: folders as in the mailbox, names that every system can hold."""

import re
import unicodedata

from storage.mail.mailbox_names import SEPARATOR

_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST = 80
ROOT = "documents"


class Places:
    """Paths within the archive; two folders never get the same, whatever the system thinks of capitals."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def folder(self, name: str) -> str:
        """Below `ROOT`, without a slash at its end."""
        wanted = "/".join((ROOT, *(_fit(part) for part in name.split(SEPARATOR))))
        path, number = wanted, 1
        while path.casefold() in self._taken:
            number += 1
            path = f"{wanted}~{number}"
        self._taken.add(path.casefold())
        return path


def eml(folder: str, uid: int) -> str:
    """Of one document."""
    return f"{folder}/{uid:010}.eml"


def _fit(part: str) -> str:
    """One step of a path: it leads nowhere but down."""
    plain = _UNFIT.sub("_", unicodedata.normalize("NFC", part)).strip(" .")[:LONGEST].rstrip(" .")
    return f"_{plain}" if not plain or _RESERVED.fullmatch(plain) else plain
