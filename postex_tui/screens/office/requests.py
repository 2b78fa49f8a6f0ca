"""Not built yet."""

from collections.abc import Iterable
from typing import Any

from textual.widget import Widget

from postex_tui.screens.section import SectionScreen
from postex_tui.widgets.plain import Line


class Requests(SectionScreen):
    """Not built yet."""

    NAME = "requests"

    def contents(self) -> Iterable[Widget]:
        yield Line("")

    async def fetch(self) -> Any:
        return None

    def show(self, content: Any) -> bool:
        return False
