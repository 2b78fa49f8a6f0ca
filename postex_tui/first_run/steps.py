"""The steps of a first run, and at which one a bridge is (pure)."""

from dataclasses import dataclass
from enum import IntEnum

from bridge.i18n import N_
from postex_tui.language import Say


class Step(IntEnum):
    """In their order."""

    FOLDER = 1
    BRIDGE = 2
    OWNER = 3
    SENDER = 4
    RECIPIENT = 5
    DOCUMENT = 6
    DONE = 7


TITLES = {
    Step.FOLDER: N_("Make the data folder and its keys"),
    Step.BRIDGE: N_("Start the bridge"),
    Step.OWNER: N_("Take over the owner's account"),
    Step.SENDER: N_("The first sender"),
    Step.RECIPIENT: N_("The first recipient"),
    Step.DOCUMENT: N_("A test document"),
}
DONE, HERE, AHEAD = "✓", "▸", " "


@dataclass(frozen=True, slots=True)
class Facts:
    """What is there."""

    made: bool = True
    answers: bool = True
    owned: bool = True
    """An owner has enrolled."""
    sender: bool = False
    recipient: bool = False
    arrived: bool = False
    """The test document, since the app was opened."""


def step_of(facts: Facts) -> Step:
    """The first one that is not done."""
    done = {
        Step.FOLDER: facts.made,
        Step.BRIDGE: facts.answers,
        Step.OWNER: facts.owned,
        Step.SENDER: facts.sender,
        Step.RECIPIENT: facts.recipient,
        Step.DOCUMENT: facts.arrived,
    }
    return next((step for step, is_done in done.items() if not is_done), Step.DONE)


def mark(step: Step, here: Step) -> str:
    """Before its title, while one is at `here`."""
    return DONE if step < here else HERE if step is here else AHEAD


def listed(say: Say, here: Step) -> str:
    """All of them, a line each: what is done, where one is, what is ahead."""
    return "\n".join(f"{mark(step, here)} {int(step)}  {say(title)}" for step, title in TITLES.items())
