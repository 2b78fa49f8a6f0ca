"""Where a person does what a refusal asks for: a command, or a place of the terminal app.

Contract. A `Way` stands among the values of a message and reads as its command (`postex role grant`); to somebody who
asks from the app `told` gives the place instead, in the words that the app itself has for it ("Roles (n)").
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_, text
from storage.deliveries.terms import Road


@dataclass(frozen=True, slots=True)
class Way:
    command: str
    """Without the program's name."""
    place: tuple[str, ...]
    """Marked with N_: a section of the app, and what to look for there."""
    key: str = ""

    def __str__(self) -> str:
        return f"postex {self.command}"

    def in_app(self, locale: str) -> str:
        names = " › ".join(text(locale, name) for name in self.place)
        return f"{names} ({self.key})" if self.key else names


SIGN_IN = Way("login", (N_("with password and code"),))


def told(values: Mapping[str, object], locale: str, road: str) -> dict[str, object]:
    """`values` with each way as the person who came by `road` goes it."""
    is_app = road == Road.TUI
    return {
        name: value.in_app(locale) if is_app and isinstance(value, Way) else value for name, value in values.items()
    }
