"""The import contracts hold, and they would notice if they did not."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        LINT, cwd=folder, capture_output=True, text=True, timeout=100, env={"PYTHONPATH": str(folder), "PATH": ""}
    )


def test_the_contracts_hold() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("storage/people/domains.py", "import bridge.settings", "Dependencies run downward"),
        ("bridge/tls.py", "import postex_tui.answers", "Dependencies run downward"),
        ("bridge/smtp/doors.py", "import bridge.imap.flags", "SMTP, IMAP and the control API never know each other"),
        ("bridge/routing/recipients.py", "import bridge.channels.mailbox", "Inside the bridge"),
        ("bridge/mail/headers.py", "import asyncio", "bridge.mail is pure"),
        ("bridge/imap/protocol/lexer.py", "import socket", "bridge.imap.protocol is sans-IO"),
        ("bridge/daemon.py", "import storage.schema", "The tables are private to storage"),
    ],
)
def test_each_contract_notices(tmp_path: Path, module: str, line: str, contract: str) -> None:
    import shutil

    for package in ("storage", "bridge", "postex_tui"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    with (tmp_path / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1
    broken = [row for row in done.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(row.startswith(contract) for row in broken), done.stdout
