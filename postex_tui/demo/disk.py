"""What somebody sees who takes the disk: every file of the data folder, searched for what went in."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path

from postex_tui.demo import DemoFailed
from postex_tui.demo.traffic import HandIn

PDF_START = b"%PDF-"
PDF_START_IN_MAIL = b64encode(b"%PDF-1.")[:8]


def needles(hand_ins: Iterable[HandIn]) -> Mapping[str, bytes]:
    """Name → bytes that stand in the messages: subjects, addresses, file names, the start of a PDF."""
    found = {"a PDF": PDF_START, "a PDF in base64": PDF_START_IN_MAIL}
    for each in hand_ins:
        people = (each.sender, *each.recipients)
        found |= {f"the address {person.address}": person.address.encode() for person in people}
        found |= {f"the subject “{each.subject}”": each.subject.encode()}
        found |= {f"the file name {each.document.file_name}": each.document.file_name.encode()}
    return found


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def check_locked(folder: Path, log: Path, hand_ins: list[HandIn]) -> tuple[int, int, int]:
    """(files, bytes, needles) searched without a hit, the bridge's log included. Raises `DemoFailed`."""
    sought = needles(hand_ins)
    # The control: the same search does find each of them in what was sent, a PDF inside its base64.
    plain = b"".join(each.sent + each.document.content for each in hand_ins)
    unseen = [name for name, needle in sought.items() if needle not in plain]
    if unseen:
        raise DemoFailed(f"the search is blind: {unseen[0]} is not found even in the message that was sent")
    size = 0
    paths = [*files(folder), log]
    for path in paths:
        content = path.read_bytes()
        size += len(content)
        for name, needle in sought.items():
            if needle in content:
                raise DemoFailed(f"{path} holds {name} in clear")
    return len(paths), size, len(sought)
