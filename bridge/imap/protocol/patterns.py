"""Mailbox patterns of LIST and LSUB (RFC 3501 section 6.3.8): `*` is anything, `%` anything but the delimiter.

A pattern is run as a set of states held in the bits of one integer, so that the time is pattern × name and no
pattern can make it backtrack. Both sides are decoded Unicode.
"""

from itertools import groupby

INBOX = "INBOX"


class Pattern:
    """One pattern, made ready once and asked for many names.

    INBOX is matched without regard to case (RFC 3501 section 5.1), and so is `INBOX` at the head of its children.
    """

    __slots__ = ("_delimiter", "_general", "_inbox")

    def __init__(self, text: str, delimiter: str = "/") -> None:
        self._delimiter = delimiter
        head, rest = text[: len(INBOX)], text[len(INBOX) :]
        if head.upper() == INBOX and (not rest or rest[0] in f"*%{delimiter}"):
            text = INBOX + rest
        self._general = _Automaton(text, delimiter)
        self._inbox = _Automaton(text.upper(), delimiter)

    def matches(self, name: str) -> bool:
        return (self._inbox if name == INBOX else self._general).matches(name)


class _Automaton:
    """Bit i is the state "the first i tokens are matched"; wildcards keep their bit alive from letter to letter."""

    __slots__ = ("_any", "_delimiter", "_end", "_exact", "_letters", "_level", "_literal")

    def __init__(self, text: str, delimiter: str) -> None:
        tokens = _without_repeats(text)
        self._delimiter = delimiter
        self._exact = text if "*" not in text and "%" not in text else None
        self._literal = sum(sign not in "*%" for sign in tokens)
        self._end = 1 << len(tokens)
        self._any = self._level = 0
        self._letters: dict[str, int] = {}
        for place, sign in enumerate(tokens):
            if sign == "*":
                self._any |= 1 << place
            elif sign == "%":
                self._level |= 1 << place
            else:
                self._letters[sign] = self._letters.get(sign, 0) | 1 << place

    def matches(self, name: str) -> bool:
        if self._exact is not None:
            return name == self._exact
        if self._literal > len(name):
            return False
        wild = self._any | self._level
        states = 1 | (wild & 1) << 1
        for letter in name:
            stay = self._any if letter == self._delimiter else wild
            states = (states & self._letters.get(letter, 0)) << 1 | states & stay
            states |= (states & wild) << 1
            if not states:
                return False
        return bool(states & self._end)


def _without_repeats(text: str) -> str:
    """`text` with each run of wildcards made one: `*` if the run holds one, else `%`. They match the same names."""
    runs = ((wild, "".join(run)) for wild, run in groupby(text, lambda letter: letter in "*%"))
    return "".join(("*" if "*" in run else "%") if wild else run for wild, run in runs)
