"""What is known of one thing: labels and values, one pair a line."""

from collections.abc import Iterable

from rich.cells import cell_len

from postex_tui.terminal.safe_text import safe_text
from postex_tui.widgets.plain import Line


class Facts(Line):
    """Values are made safe one by one, so that none can pass for a further line."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(lines=True, id=id, classes="facts")

    def tell(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Show these; what is None is left out."""
        shown = [(safe_text(label), safe_text(value)) for label, value in pairs if value is not None]
        widest = max((cell_len(label) for label, _ in shown), default=0)
        self.say("\n".join(f"{label}{' ' * (widest - cell_len(label))}  {value}" for label, value in shown))
