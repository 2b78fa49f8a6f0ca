"""What a first run knows before anybody is signed in: the folder, and what its command answered."""

import os
from dataclasses import dataclass, field
from pathlib import Path

DATABASE = "postex.db"
LOWEST = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
SMTP_PORT = 25


@dataclass(slots=True)
class Beginning:
    """`data` may change until it is made."""

    data: Path
    owner: str = ""
    code: str = field(default="", repr=False)
    """Of the owner's enrolment; empty if it was not shown to this process."""

    @property
    def is_made(self) -> bool:
        return (self.data / DATABASE).exists()


def may_have_low_ports() -> bool:
    """Whether this user can listen on 25, 465, 587 and 993."""
    try:
        lowest = int(LOWEST.read_text())
    except (OSError, ValueError):
        lowest = 1024
    return os.geteuid() == 0 or lowest <= SMTP_PORT


def folder_of(typed: str) -> Path:
    """What a person typed, as a whole path."""
    return Path(typed).expanduser().absolute()
