"""Boundary delimiter lines of the multiparts that are open at a place in a message (RFC 2046 section 5.1.1).

A line starting with `--` and the boundary of any open multipart ends everything opened inside that one. Where two
boundaries match at one place the longer wins, then the inner one. Each level is searched with `bytes.find` from where
it was left and never past the next delimiter of the level around it: work is at most depth × size at the speed of
`find`, and Python sees only real delimiters.
"""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Open:
    """One open multipart; `at` is its cached answer: the next delimiter of this level or of one around it."""

    needle: bytes
    at: int = -1
    owner: "Open | None" = None


class Delimiters:
    """`position`: everything before it is done with; a delimiter's own line feed counts as part of it.

    `searched`: octets looked through so far, over all levels.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._levels = [Open(b"", at=len(data))]
        self.position = 0
        self.searched = 0

    def open(self, boundary: bytes, position: int) -> Open:
        level = Open(b"\n--" + boundary)
        self._levels.append(level)
        self.position = position
        return level

    def close(self, level: Open) -> None:
        """`level` is the innermost one."""
        assert self._levels[-1] is level
        self._levels.pop()

    def next(self) -> tuple[int, Open | None]:
        """Offset of the line feed before the next delimiter and whose it is; the end of the data is nobody's."""
        stale = len(self._levels)
        while self._levels[stale - 1].at < self.position:
            stale -= 1
        for outer, level in zip(self._levels[stale - 1 : -1], self._levels[stale:], strict=True):
            self._search(level, outer)
        last = self._levels[-1]
        return last.at, last.owner

    def _search(self, level: Open, outer: Open) -> None:
        found = self._data.find(level.needle, self.position, outer.at + len(level.needle))
        outer_wins = found == outer.at and outer.owner is not None and len(outer.owner.needle) > len(level.needle)
        if found < 0 or outer_wins:
            level.at, level.owner = outer.at, outer.owner
        else:
            level.at, level.owner = found, level
        self.searched += level.at - self.position

    def cross(self, level: Open, at: int) -> tuple[int, bool]:
        """Goes past `level`'s delimiter at `at`: where the next line begins and whether it was the closing one."""
        after = at + len(level.needle)
        line_feed = self._data.find(b"\n", after)
        self.position = line_feed if line_feed >= 0 else len(self._data)
        return min(self.position + 1, len(self._data)), self._data.startswith(b"--", after)
