"""How often an account may ask for something: a window that opens with its first question."""

from dataclasses import dataclass, field

from bridge.i18n import N_


@dataclass(slots=True)
class Pace:
    """Of accounts that there are: memory is bounded by their number."""

    count: int
    seconds: int
    _windows: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By account: when the window opened, and how often was asked since."""

    def take(self, account_id: int, now: int) -> None:
        """Problem 429 where it is too often."""
        opened, asked = self._windows.get(account_id, (now, 0))
        if not 0 <= now - opened < self.seconds:
            opened, asked = now, 0
        if asked >= self.count:
            from bridge.api.problems import Problem  # half a second: the web framework, at the first question only

            wait = opened + self.seconds - now
            message = N_("You asked too often for this. Go on in {seconds} seconds.")
            raise Problem("too-often", 429, message, extra={"retry_after": wait}, seconds=wait)
        self._windows[account_id] = opened, asked + 1
