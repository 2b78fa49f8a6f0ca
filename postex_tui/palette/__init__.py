"""What the command palette finds: a provider for each noun of the office.

Contract. `NOUNS` are loaded when the palette first opens: each entry gives a provider class.
"""

from collections.abc import Callable

from textual.command import Provider

NOUNS: tuple[Callable[[], type[Provider]], ...] = ()
