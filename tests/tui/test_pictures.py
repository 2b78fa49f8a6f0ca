"""Every screen as a picture, at 80×24 and 140×45, dark and light: a change of how something looks is seen and meant.

After such a change: `pytest tests/tui/test_pictures.py --snapshot-update`, look at the pictures that changed, commit
them. A section that is new in `sections.SECTIONS` comes here by itself.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.widgets import Input

from postex_tui import themes
from postex_tui.sections import SECTIONS, Mode
from tests.tui.office import LARGE, SMALL, Seat, seat
from tests.tui.scenes import FOLDER, Scene, office

EYES = {Mode.ME: "anna", Mode.SENDING: "erp", Mode.OFFICE: "dora"}
"""Who looks at a section, unless `EYES_OF` names somebody."""
EYES_OF = {
    "service-log": "owner",
    "settings": "owner",
    "backups": "owner",
    "domains": "owner",
    "roles": "owner",
    "statistics": "aldo",
}
_PREFIX = re.compile(r"terminal-\d+")
_BACKUPS = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}")
_FONTS = re.compile(r"@font-face \{.*?\}\n?", re.DOTALL)


class Pictures(SingleFileSnapshotExtension):
    """One SVG a picture."""

    _write_mode = WriteMode.TEXT
    file_extension = "svg"


@dataclass(frozen=True)
class View:
    """What is to be seen: somebody goes to a section and presses keys."""

    name: str
    who: str
    section: str | None
    keys: tuple[str, ...] = ()


VIEWS = [View(each.name, EYES_OF.get(each.name, EYES[each.mode]), each.name) for each in SECTIONS]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with office() as made:
        yield made


@pytest.fixture
def pictures(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Pictures)


def picture(at: Seat) -> str:
    """What is on the screen, without the fonts that a browser would fetch."""
    drawn = _FONTS.sub("", at.app.export_screenshot(simplify=True))
    drawn = _BACKUPS.sub(r"\1-xxxxxxxx", drawn)
    return _PREFIX.sub("terminal", re.sub(rf"{FOLDER}\w{{8}}", FOLDER + "x" * 8, drawn))


async def look(at: Seat, view: View, pictures: SnapshotAssertion) -> None:
    """Four pictures."""
    for theme in (themes.DARK, themes.LIGHT):
        for width, height in (SMALL, LARGE):
            at.app.theme = theme.name
            await at.pilot.resize_terminal(width, height)
            while at.app.screen.size != (width, height):
                await at.pilot.pause()
            await at.settled()
            await at.pilot.pause()
            name = f"{view.name}-{width}-{theme.name.removeprefix('postex-')}"
            assert picture(at) == pictures(name=name), name


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_it_looks_like_this(
    view: View, scene: Scene, pictures: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Input, "cursor_blink", False, raising=False)
    async with seat(scene.desk, scene.who(view.who), section=view.section) as at:
        at.app.animation_level = "none"
        await at.press(*view.keys)
        await look(at, view, pictures)


async def test_the_door(scene: Scene, pictures: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Input, "cursor_blink", False, raising=False)
    async with seat(scene.desk) as at:
        await look(at, View("sign-in", "", None), pictures)
