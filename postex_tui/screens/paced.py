"""Sections that are kept open: live events, and time itself, ask them anew, and never more than once a second."""

from time import monotonic

from postex_tui.connection import Event
from postex_tui.screens.deeds import DeedScreen

LEAST = 1.0
"""Seconds between two looks that events lead to."""
LOOK = 15.0
"""Seconds after which time alone has made something old."""


class PacedScreen(DeedScreen):
    """What happens while a look is awaited is seen by that look."""

    _looked = -LEAST
    _awaited = False

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(LOOK, self._look)

    @property
    def is_renewable(self) -> bool:
        """Whether what is shown may be asked anew without the person having asked."""
        return True

    def on_live(self, event: Event) -> None:
        if self._awaited or not self.is_renewable:
            return
        self._awaited = True
        self.set_timer(max(0.01, self._looked + LEAST - monotonic()), self._now)

    def reload(self) -> None:
        self._looked = monotonic()
        super().reload()

    def _now(self) -> None:
        self._awaited = False
        self.reload()

    def _look(self) -> None:
        if self.is_current and self.is_renewable:
            self.reload()
