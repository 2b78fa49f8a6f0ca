"""The steps of a first run as a list: what is done, where one is, what is ahead."""

from collections.abc import Callable

from postex_tui.first_run.steps import TITLES, Step, mark


def listed(say: Callable[..., str], here: Step) -> str:
    """A line each."""
    return "\n".join(f"{mark(step, here)} {int(step)}  {say(title)}" for step, title in TITLES.items())
