"""What a person does before the app: go somewhere, fill in, agree; by keys alone, in whichever language."""

from textual.events import Paste
from textual.widgets import Checkbox, Select

from tests.tui.office import Seat
from tests.tui.waiting import told

LANGUAGES = ("nl", "en")
MOST_TABS = 60
FRAMES = str.maketrans(dict.fromkeys("│┃▏▕▎▍▌▐", " "))


def read(at: Seat) -> str:
    """What stands on the screen, without the frames of boxes and the ends of lines."""
    return " ".join(at.text.translate(FRAMES).split())


def sees(at: Seat, message: str, **values: object) -> None:
    """One of the app's own texts stands on the screen, in the language of who reads."""
    words = " ".join(at.app.say(message, **values).split())
    assert words in read(at), f"{words}\n{at.text}"


async def hears(at: Seat, message: str, **values: object) -> None:
    """It is said at the side."""
    await told(at, at.app.say(message, **values))


async def goes(at: Seat, name: str) -> None:
    """To a section, by way of the modes and the rail."""
    section = next(each for each in at.app.offers if each.name == name)
    while at.app.mode is not section.mode:
        await at.press("f3")
    names = [each.name for each in at.app.sections]
    await at.press("f2", "home", *["down"] * names.index(name), "enter")
    assert name == at.app.screen.NAME  # type: ignore[attr-defined]


async def reaches(at: Seat, field: str) -> None:
    """Tab there, the shorter way round."""
    for _ in range(MOST_TABS):
        chain = at.app.screen.focus_chain
        names = [each.id for each in chain]
        here = chain.index(at.app.focused) if at.app.focused in chain else -1
        if here >= 0 and names[here] == field:
            return
        forth = (names.index(field) - here) % len(chain)
        await at.pilot.press("tab" if here < 0 or forth <= len(chain) // 2 else "shift+tab")
    raise AssertionError(f"{field} is not reached:\n{at.text}")


async def fills(at: Seat, **values: str) -> None:
    """Paste into fields, choose from lists, tick."""
    for name, value in values.items():
        await reaches(at, name)
        widget = at.app.focused
        if isinstance(widget, Select):
            offered = [each for _, each in widget._options]
            await at.pilot.press("enter", "home", *["down"] * offered.index(value), "enter")
        elif isinstance(widget, Checkbox):
            await at.pilot.press("space")
        else:
            await at.pilot.press("ctrl+u")
            widget.post_message(Paste(value))  # type: ignore[union-attr]
            await at.pilot.pause()


async def agrees(at: Seat, button: str = "do") -> None:
    """Press what does it."""
    await reaches(at, button)
    while at.app.focused is not None and at.app.focused.has_class("-active"):
        await at.pilot.pause(0.05)  # it still shows that it was pressed, and takes no second one
    await at.press("enter")
    await at.settled()
