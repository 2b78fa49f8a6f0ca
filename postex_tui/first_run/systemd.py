"""A unit by which systemd runs the bridge from the next start of the machine on (docs/admins.md)."""

import getpass
from pathlib import Path

from postex_tui.first_run.commands import COMMAND

FILE = "postex.service"


def unit(data: Path) -> str:
    """For /etc/systemd/system."""
    return (
        "[Unit]\nDescription=Postex, a document post office\n"
        "After=network-online.target\nWants=network-online.target\n\n"
        f"[Service]\nUser={getpass.getuser()}\n"
        f"Environment={_quoted(f'POSTEX_DATA={data}')}\n"
        f"ExecStart={' '.join(map(_quoted, COMMAND))} serve\n"
        "Restart=on-failure\nLimitCORE=0\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )


def _quoted(word: str) -> str:
    """One word of a unit file, whatever is in it (systemd.syntax(7), specifiers of systemd.unit(5))."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{escaped}"' if escaped != word or " " in word else word
