"""Bytes that came in and are not understood yet: lines and counted blocks out of one buffer.

Lines end in CRLF; a bare LF is taken too (`openssl s_client` and scripts send it, and in IMAP a line's end decides
nothing about another's mail). Each byte is searched once and moved once, however small the pieces it comes in.
"""

from io import BytesIO

_TAIL = 64


class LineTooLong(Exception):
    """A line is longer than its limit, whether or not its end has come."""


class LineBuffer:
    """Fed by `feed`, emptied from the front by the rest."""

    __slots__ = ("_data", "_searched")

    def __init__(self) -> None:
        self._data = bytearray()
        self._searched = 0

    def __len__(self) -> int:
        return len(self._data)

    def feed(self, data: bytes) -> None:
        self._data += data

    def head(self, count: int) -> bytes:
        """Up to `count` first bytes; takes nothing."""
        return bytes(self._data[:count])

    def line(self, limit: int) -> bytes | None:
        """The next line without its end, None while there is none; LineTooLong beyond `limit` bytes."""
        data = self._data
        end = data.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(data)
            if len(data) > limit + 1:
                raise LineTooLong
            return None
        stop = end - 1 if end and data[end - 1] == 0x0D else end
        if stop > limit:
            raise LineTooLong
        line = bytes(data[:stop])
        self._drop(end + 1)
        return line

    def skip_line(self) -> bytes | None:
        """Throws away up to the end of the line → its last bytes, in which a literal's announcement fits.

        None if the end has not come.
        """
        end = self._data.find(b"\n", self._searched)
        if end < 0:
            self._drop(max(0, len(self._data) - _TAIL - 1))
            self._searched = len(self._data)
            return None
        tail = bytes(self._data[max(0, end - _TAIL) : end]).removesuffix(b"\r")
        self._drop(end + 1)
        return tail

    def move(self, count: int, into: BytesIO) -> int:
        """Up to `count` bytes appended to `into` → how many."""
        with memoryview(self._data)[:count] as block:
            moved = into.write(block)
        self._drop(moved)
        return moved

    def skip(self, count: int) -> int:
        """Throws away up to `count` bytes → how many."""
        skipped = min(count, len(self._data))
        self._drop(skipped)
        return skipped

    def clear(self) -> int:
        """Throws away everything → how many bytes it was."""
        return self.skip(len(self._data))

    def _drop(self, count: int) -> None:
        del self._data[:count]
        self._searched = 0
