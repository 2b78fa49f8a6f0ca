"""How often somebody may ask for something: a window that opens with its first question."""

from collections.abc import Hashable
from dataclasses import dataclass, field

MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class Pace:
    """`count` questions in so many `seconds`, each. Windows that are over are forgotten when there are many of them;
    full again after a restart.
    """

    count: int
    seconds: int
    _windows: dict[Hashable, tuple[int, int]] = field(default_factory=dict)
    """By who asks: when the window opened, and how often was asked since."""

    def wait(self, who: Hashable, now: int) -> int:
        """Seconds until this question is heard; 0: it is heard now, and counts."""
        opened, asked = self._windows.get(who, (now, 0))
        if not 0 <= now - opened < self.seconds:
            opened, asked = now, 0
        if asked >= self.count:
            return opened + self.seconds - now
        if len(self._windows) >= MOST_REMEMBERED:
            self._windows = {key: kept for key, kept in self._windows.items() if 0 <= now - kept[0] < self.seconds}
        self._windows[who] = opened, asked + 1
        return 0
