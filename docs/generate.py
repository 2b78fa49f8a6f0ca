"""Writes the generated pages: docs/settings.md, and docs/demo.svg, a picture of the demonstration's real output."""

import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bridge import settings

DOCS = Path(__file__).parent
COLUMNS = 140
COMMAND = [sys.executable, "-m", "postex_tui.cli", "demo", "--once"]


def picture(output: str) -> str:
    """The output in a terminal's frame; passwords and the temporary folder are of no use to anybody any more."""
    shown = re.sub(r"(px1-\w{4})\S+", r"\1…", output)
    shown = re.sub(r"postex-demo-\w+", "postex-demo", shown)
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    console.print(Text("$ make demo", style="bold"))
    for line in shown.rstrip().splitlines():
        text = Text(line)
        text.highlight_regex(r"(?<= )ok +[0-9.]+ s", "green")
        text.highlight_regex(r"All checks held\.", "bold green")
        console.print(text, overflow="crop", no_wrap=True)
    # Without its fonts from elsewhere the picture asks nothing of the network; every monospace font will do.
    return re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="postex demo"), flags=re.DOTALL)


def main() -> None:
    (DOCS / "settings.md").write_text(settings.reference(), encoding="utf-8")
    done = subprocess.run(COMMAND, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    (DOCS / "demo.svg").write_text(picture(done.stdout), encoding="utf-8")


if __name__ == "__main__":
    main()
