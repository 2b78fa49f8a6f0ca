"""Every screen as a picture, at 80×24 and 140×45, dark and light: a change of how something looks is seen and meant.

Each can be read as well: no table is wider than its room, and letters stand out from their ground (WCAG 2.2, 1.4.3).

Sections, then what stands behind and in front of them (`tests.tui.walks`), then sections in Dutch and high contrast.
After such a change: `pytest tests/tui/test_pictures.py --snapshot-update`, look at the pictures that changed, commit
them. A section that is new in `sections.SECTIONS` comes here by itself.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.command import CommandPalette
from textual.theme import Theme
from textual.widgets import Input

from postex_tui import themes
from postex_tui.app import PostexApp
from postex_tui.connection import Connection
from postex_tui.first_run.beginning import Beginning
from postex_tui.screens.first_run.setting_up import FirstRun
from postex_tui.sections import SECTIONS, Mode
from tests.tui.office import LARGE, SMALL, Seat, seat, seated
from tests.tui.scenes import FOLDER, Scene, office
from tests.tui.sight import beyond, faint, least
from tests.tui.waiting import reached
from tests.tui.walks import WALKS, Walk

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
CORNERS = ((themes.DARK, SMALL), (themes.LIGHT, LARGE))
"""Of walks through many rooms: one of each, and one of each size."""
ALL = tuple((theme, size) for theme in (themes.DARK, themes.LIGHT) for size in (SMALL, LARGE))
_OF_KEYS = re.compile(
    r"(?<=px1-)[\w-]+|(?<=\ba-)[a-z2-7]{16}\b|\b[0-9a-f]{64}\b|\b[0-9A-F]{2}(:[0-9A-F]{2}){15,31}\b"
)
"""What comes from keys that are new in each process: passwords, pseudonyms, hashes, fingerprints."""
_PREFIX = re.compile(r"terminal-\d+")
_BACKUPS = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}")
_FONTS = re.compile(r"@font-face \{.*?\}\n?", re.DOTALL)


Looks = tuple[tuple[Theme, tuple[int, int]], ...]


class Pictures(SingleFileSnapshotExtension):
    """One SVG a picture."""

    _write_mode = WriteMode.TEXT
    file_extension = "svg"


@dataclass(frozen=True)
class View:
    """What is to be seen: somebody goes to a section."""

    name: str
    who: str
    section: str | None


VIEWS = [View(each.name, EYES_OF.get(each.name, EYES[each.mode]), each.name) for each in SECTIONS]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with office() as made:
        yield made


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Input, "cursor_blink", False, raising=False)


@pytest.fixture
def pictures(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(Pictures)


def picture(at: Seat) -> str:
    """What is on the screen, without the fonts that a browser would fetch."""
    drawn = _FONTS.sub("", at.app.export_screenshot(simplify=True))
    drawn = _BACKUPS.sub(r"\1-xxxxxxxx", drawn)
    drawn = _OF_KEYS.sub(lambda found: "x" * len(found[0]), drawn)
    return _PREFIX.sub("terminal", re.sub(rf"{FOLDER}\w{{8}}", FOLDER + "x" * 8, drawn))


async def gathered(at: Seat) -> None:
    """Until the palette, if it is open, has found all it shows."""
    for worker in list(at.app.workers):
        if worker.group == CommandPalette._GATHER_COMMANDS_GROUP:
            await worker.wait()


async def look(at: Seat, name: str, pictures: SnapshotAssertion, looks: Looks = ALL, *, waits: bool = False) -> None:
    """A picture of each; `waits`: something asked is not answered meanwhile."""
    for theme, (width, height) in looks:
        at.app.theme = theme.name
        await at.pilot.resize_terminal(width, height)
        while at.app.screen._compositor.size != (width, height):
            await at.pilot.pause()
        if not waits:
            await at.settled()
            await gathered(at)
        await at.pilot.pause()
        assert not beyond(at.app), name
        assert not faint(at.app, least(at.app)), name
        shown = f"{name}-{width}-{theme.name.removeprefix('postex-')}"
        assert picture(at) == pictures(name=shown), shown


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_it_looks_like_this(view: View, scene: Scene, pictures: SnapshotAssertion) -> None:
    async with seat(scene.desk, scene.who(view.who), section=view.section) as at:
        await look(at, view.name, pictures)


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.name)
async def test_what_stands_behind_a_section(walk: Walk, scene: Scene, pictures: SnapshotAssertion) -> None:
    async with seat(scene.desk, scene.who(walk.who), section=walk.section) as at:
        for number, stop in enumerate(walk.stops):
            await stop.reached(at)
            looks = CORNERS if walk.rooms else ALL
            await look(at, stop.name, pictures, looks[:: -1 if number % 2 else 1], waits=stop.waits)


@pytest.mark.parametrize("who", sorted({view.who for view in VIEWS}))
async def test_in_dutch_and_in_high_contrast(who: str, scene: Scene, pictures: SnapshotAssertion) -> None:
    views = [view for view in VIEWS if view.who == who]
    async with seat(scene.desk, scene.who(who), section=views[0].section, locale="nl") as at:
        for view in views:
            at.app.go(view.name)
            await look(at, f"{view.name}-nl", pictures, ((themes.CONTRAST, SMALL),))


async def test_the_door_and_a_terminal_that_is_too_small(scene: Scene, pictures: SnapshotAssertion) -> None:
    async with seat(scene.desk) as at:
        await look(at, "sign-in", pictures)
        await look(at, "too-small", pictures, ((themes.DARK, (60, 20)), (themes.LIGHT, (60, 20))))


async def test_a_first_run_begins(pictures: SnapshotAssertion) -> None:
    """Nothing is made yet, and no bridge answers."""

    def gone(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("gone")

    app = PostexApp(Connection(lambda: httpx.MockTransport(gone), "en"), beginning=Beginning(Path("/srv/postex")))
    async with app.run_test(size=SMALL) as pilot, seated(app):
        at = Seat(None, app, pilot)  # type: ignore[arg-type]
        await reached(at, FirstRun)
        await look(at, "first-run", pictures)
        await at.press("tab", "enter")
        await look(at, "first-run-form", pictures)
