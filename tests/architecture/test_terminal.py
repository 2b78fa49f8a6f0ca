"""What a stranger wrote reaches the terminal through the guarded widgets alone (security.md, The terminal)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "postex_tui"
GUARDED = {ROOT / "widgets" / "plain.py", ROOT / "widgets" / "plot.py"}
DRAWS = re.compile(r"^\s*(?:from|import) (?:textual|textual_plotext|plotext)\b", re.MULTILINE)
HARMLESS = {
    "Footer",
    "DataTable",
    "Input",
    "OptionList",
    "Select",
    "Button",
    "Checkbox",
    "ContentSwitcher",
    "Rule",
} | {
    "TabbedContent",
    "Sparkline",
    "ProgressBar",
    "LoadingIndicator",
}
"""Imported elsewhere for their messages, or because they show nothing that was not written by us."""
MESSAGES_ONLY = {"DataTable", "Input", "OptionList", "Select", "Button", "Checkbox"}
"""Outside the guarded module these are named for their messages and never made."""
SINKS = {
    "notify",
    "update",
    "from_markup",
    "set_prompt",
    "update_cell",
    "add_row",
    "add_column",
    "add_option",
    "add_options",
    "set_options",
    "load_text",
    "panic",
}
"""Methods that put text on the screen."""
TITLES = {"border_title", "border_subtitle", "tooltip", "title", "sub_title", "label", "placeholder", "prompt"} | {
    "content",
    "renderable",
}
ALLOWED = {("app.py", "notify"), ("app.py", "panic"), ("window.py", "add_option")}
DRAWN = {"keys.py", "quick_table.py"}
"""What draws lines itself: from text that is safe already."""
PALETTE = {"finds.py", "frame.py", "places.py", "window.py"}
"""Where lines of the palette are made, which takes text for markup."""


def modules() -> list[Path]:
    """Those that draw: the ones that import Textual."""
    return [
        file
        for file in sorted(ROOT.rglob("*.py"))
        if file not in GUARDED and DRAWS.search(file.read_text(encoding="utf-8"))
    ]


def faults(file: Path) -> Iterator[str]:
    """Place and reason of each way past the guard."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        for fault in _faults(node, file.name):
            yield f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}: {fault}"


def _faults(node: ast.AST, file: str) -> Iterator[str]:
    match node:
        case ast.ImportFrom(module=str(module), names=names) if module.startswith("textual.widgets"):
            yield from (f"{each.name} shows text unguarded" for each in names if each.name not in HARMLESS)
        case ast.ImportFrom(module=str(module)) if module.startswith("rich.text") or module == "rich":
            yield "rich is for widgets.plain"
        case ast.ImportFrom(module=str(module)) if "plotext" in module:
            yield "plots are for widgets.plot"
        case ast.ImportFrom(module="textual.command", names=names) if file not in PALETTE:
            yield from (
                f"{each.name} is for palette.finds"
                for each in names
                if each.name not in ("Provider", "CommandPalette")
            )
        case ast.ImportFrom(module="textual.content") if file not in PALETTE | {"app.py"}:
            yield "Content is for widgets.plain"
        case ast.Call(func=ast.Name(id=name)) if name in MESSAGES_ONLY:
            yield f"{name} is made unguarded"
        case ast.Call(func=ast.Attribute(attr=name)) if name in SINKS and (file, name) not in ALLOWED:
            yield f"{name} takes text unguarded"
        case ast.FunctionDef(name="render" | "render_line" | "render_lines") if file not in DRAWN:
            yield "drawing is for widgets that are guarded"
        case ast.Attribute(attr=name, ctx=ast.Store()) if name in TITLES:
            yield f"{name} takes markup"


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_is_shown_unguarded(file: Path) -> None:
    assert not list(faults(file))


def test_the_search_finds_what_it_looks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(__import__(__name__, fromlist=["x"]), "ROOT", tmp_path)
    bad = tmp_path / "bad.py"
    bad.write_text(
        "from textual.widgets import Static\nfrom rich.text import Text\n"
        "from textual.command import Hit\nfrom textual.content import Content\n"
        "from textual_plotext import PlotextPlot\n"
        "x.update(y)\nw.tooltip = subject\nb = Button(subject)\nw.content = subject\n"
        "class Mine(Widget):\n    def render(self):\n        return subject\n"
    )
    assert len(list(faults(bad))) == 10


COLOUR = re.compile(
    r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?)\(|ansi_|\b(?:red|green|blue|yellow|white|black|gr[ae]y|cyan)\b"
)
VALUE = re.compile(r":\s*([^;{}]+);")


AT_THE_MACHINE = ("postex escrow recover", "postex settings check", "postex init", "postex enrol")
"""What is done while the bridge is down or before one has an account: no place of the app does it."""


def test_screens_name_places_and_no_commands() -> None:
    """Whoever sits in the app may have no command line: one that comes over SSH, or in a browser."""
    for file in sorted((ROOT / "screens").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            said = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            named = re.findall(r"\bpostex [a-z-]+(?: [a-z-]+)?", said)
            assert all(each.startswith(AT_THE_MACHINE) for each in named), f"{file.name}: {named}"


def styles() -> list[Path]:
    return sorted(ROOT.rglob("*.tcss"))


@pytest.mark.parametrize("file", styles(), ids=lambda file: file.name)
def test_styles_name_roles_of_colour_and_no_colours(file: Path) -> None:
    """Themes alone say which colour a role has: light, dark and high contrast hold for every screen."""
    values = VALUE.findall(file.read_text(encoding="utf-8"))
    assert values
    assert not [value for value in values if COLOUR.search(value)]


def test_a_colour_would_be_found() -> None:
    bad = "A { color: #a1b2c3; } B { background: red 50%; } C { border: solid rgb(1, 2, 3); }"
    assert len([value for value in VALUE.findall(bad) if COLOUR.search(value)]) == 3
