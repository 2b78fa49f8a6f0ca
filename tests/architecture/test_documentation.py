"""What the documentation says is true: settings, capabilities, commands, links."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import typer

from bridge import settings
from bridge.imap.capabilities import NEEDS
from bridge.smtp.conversation import EXTENSIONS
from postex_tui.cli import app

ROOT = Path(__file__).parents[2]
LEVELS = ("debug", "info", "warning", "error", "critical", "exception")
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def test_the_settings_page_is_generated_from_the_code() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings.reference(), "run: make docs"


def test_every_setting_says_what_it_means() -> None:
    found = list(settings.entries())
    assert ("imap.tls_port", "POSTEX_IMAP__TLS_PORT", "993") in [(e.name, e.variable, e.default) for e in found]
    for entry in found:
        assert entry.meaning.endswith("."), entry.name


def test_every_command_is_in_the_manual() -> None:
    manual = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    command = typer.main.get_command(app)
    for name, inner in command.commands.items():  # type: ignore[attr-defined]
        assert f"postex {name}" in manual
        for verb in getattr(inner, "commands", {}):
            assert re.search(rf"postex {name} [^|]*\b{verb}\b", manual), f"{name} {verb}"


def test_the_support_table_lists_what_is_announced() -> None:
    table = (ROOT / "docs" / "rfc.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([^`]+)`", table))
    announced = {*NEEDS, *EXTENSIONS, "SIZE", "STARTTLS", "AUTH PLAIN LOGIN"}
    assert announced <= listed, announced - listed


def logged_events() -> set[str]:
    """First arguments of `log.info("…")` and its like, in the whole product."""
    found = set()
    for path in (path for package in ("storage", "bridge", "postex_tui") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
                owner, first = node.func.value, node.args[0] if node.args else None
                if isinstance(owner, ast.Name) and owner.id in ("log", "_log") and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def test_every_log_event_is_in_the_schema() -> None:
    listed = set(re.findall(r"`([a-z_.]+)`", (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")))
    assert "bridge.ready" in logged_events()
    assert logged_events() <= listed, logged_events() - listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_make_offers_what_the_readme_promises() -> None:
    offered = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in set(re.findall(r"\bmake (demo|test|bench|setup|docs|lock|clean|soak)\b", read_all())):
        assert target == "setup" or f"make {target}" in offered


def read_all() -> str:
    return "".join(page.read_text(encoding="utf-8") for page in PAGES)


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(len(numbers)))
