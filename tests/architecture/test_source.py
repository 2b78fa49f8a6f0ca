"""Rules of the house that a reader can rely on, for every module of the product."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(path for package in ("storage", "bridge", "postex_tui") for path in (ROOT / package).rglob("*.py"))
LONGEST = 400
FORBIDDEN_NAMES = ("utils", "helpers", "common", "manager", "misc")
BARE_TASKS = ("create_task", "ensure_future")


def names() -> list[str]:
    return [str(path.relative_to(ROOT)) for path in MODULES]


@pytest.mark.parametrize("module", names())
def test_a_module_says_what_it_is_for_and_stays_one_thing(module: str) -> None:
    text = (ROOT / module).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "no docstring"
    assert not any(part in FORBIDDEN_NAMES for part in Path(module).with_suffix("").parts)


@pytest.mark.parametrize("module", names())
def test_no_task_runs_unwatched(module: str) -> None:
    """A task of `asyncio.create_task` whose error nobody awaits is lost; a TaskGroup's is not."""
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in BARE_TASKS:
            owner = node.func.value
            assert not (isinstance(owner, ast.Name) and owner.id in ("asyncio", "loop")), f"line {node.lineno}"


def test_the_rules_see_all_packages() -> None:
    """A wrong path would make the tests above pass on nothing."""
    assert {"storage/records.py", "bridge/settings.py", "postex_tui/cli.py"} <= set(names())
