"""The only ways to put text on the screen: each passes `safe_text` and takes no markup.

Contract. Elsewhere in the app the widgets of Textual that show text are not imported (tests/architecture looks):
a subject such as `[@click=app.quit]` is what it says, and nothing in it acts. Text of our own goes the same way.
"""

from collections.abc import Iterable, Sequence

from rich.text import Text
from textual.content import Content
from textual.events import Paste
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Label, OptionList, Select, Static, TabPane, TextArea
from textual.widgets.option_list import Option

from postex_tui.terminal.safe_text import MOST_LINES, safe_text
from postex_tui.widgets.quick_table import QuickTable
from postex_tui.widgets.widths import fitted

MOST_TYPED = 4096
"""A person types less; what is pasted beyond it is cut, not worked on."""


class Line(Static):
    """Text that is not typed in: one line, or several with `lines`."""

    def __init__(
        self, text: object = "", *, lines: bool = False, id: str | None = None, classes: str | None = None
    ) -> None:
        self._lines = lines
        super().__init__(self._safe(text), id=id, classes=classes, markup=False)

    def say(self, text: object) -> None:
        """Show this instead."""
        self.update(self._safe(text))

    def _safe(self, text: object) -> Content:
        return Content(safe_text(text, MOST_LINES, lines=True) if self._lines else safe_text(text))


class Wrong(Line):
    """What is wrong, once something is: nothing is kept free for it before."""

    def __init__(self) -> None:
        super().__init__(lines=True, id="wrong")
        self.display = False

    def say(self, text: object) -> None:
        self.display = bool(text)
        super().say(text)


class Caption(Label):
    """What a field is called, or a heading."""

    def __init__(self, text: object, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(Content(safe_text(text)), id=id, classes=classes, markup=False)


class Press(Button):
    """A button. `kind`: default, primary, success, warning, error."""

    def __init__(self, text: object, kind: str = "default", *, id: str | None = None, disabled: bool = False) -> None:
        super().__init__(Content(safe_text(text)), variant=kind, id=id, disabled=disabled)  # type: ignore[arg-type]
        self.active_effect_duration = 0.0  # Textual's flash of 200 ms lets the words fade

    def say(self, text: object) -> None:
        """Show this instead."""
        self.label = Content(safe_text(text))


class Tick(Checkbox):
    """Yes or no."""

    def __init__(self, text: object, value: bool = False, *, id: str | None = None) -> None:
        super().__init__(Content(safe_text(text)), value, id=id)


class Field(Input):
    """One line to type in. What stands in it already is marked when one comes to it: typing takes its place, and a
    key that moves keeps it. What is pasted is bounded, and control characters in it are not kept.
    """

    def __init__(
        self,
        value: object = "",
        *,
        hint: object = "",
        secret: bool = False,
        most: int = MOST_TYPED,
        id: str | None = None,
    ) -> None:
        super().__init__(
            safe_text(value, most) if value else "",
            placeholder=safe_text(hint),
            password=secret,
            max_length=most,
            id=id,
        )

    def validate_value(self, value: str) -> str:
        """Whoever sets it: Textual draws a value as it is."""
        return value if value.isprintable() else safe_text(value, len(value) + 1)

    def _on_paste(self, event: Paste) -> None:
        """The first line, bounded: a million characters are a slip, not a value."""
        event.prevent_default()
        event.stop()
        first = event.text[: MOST_TYPED + 1].split("\n")[0].rstrip("\r")
        start, end = sorted(self.selection)
        room = (self.max_length or MOST_TYPED) - len(self.value) + end - start
        self.replace("".join(letter for letter in first if letter.isprintable())[:room], start, end)


class Choice(Select[str]):
    """One of several; `options` are (shown, value)."""

    def __init__(
        self, options: Iterable[tuple[object, str]], value: str | None = None, *, id: str | None = None
    ) -> None:
        shown = [(Content(safe_text(text)), of) for text, of in options]
        if value is None:
            super().__init__(shown, id=id)
        else:
            super().__init__(shown, value=value, allow_blank=False, id=id)


def option(name: str, text: object, *, enabled: bool) -> Option:
    """One row to choose."""
    return Option(Content(safe_text(text)), id=name, disabled=not enabled)


class Menu(OptionList):
    """Rows to choose from; `offer` sets them as (id, text, enabled)."""

    def offer(self, rows: Sequence[tuple[str, object, bool]]) -> None:
        self.set_options([option(name, text, enabled=enabled) for name, text, enabled in rows])


class Pane(TabPane):
    """One of several rooms behind each other, within Textual's TabbedContent."""

    def __init__(self, text: object, *children: Widget, id: str | None = None) -> None:
        super().__init__(Content(safe_text(text)), *children, id=id)


class Grid(QuickTable):
    """A table. Columns have the widths they want in the room there is: nothing is measured, however many rows."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row", zebra_stripes=True)
        self._wanted: list[int] = []

    def columns_are(self, columns: Iterable[tuple[str, object, int]]) -> None:
        """(key, heading, width in cells) each; rows are gone."""
        self.clear(columns=True)
        self._wanted.clear()
        for key, heading, width in columns:
            self._wanted.append(width)
            self.add_column(Text(safe_text(heading), no_wrap=True), key=key, width=width)
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        room = self.size.width - self.scrollbar_size_vertical - 2 * self.cell_padding * len(self._wanted)
        if not self.size.width or not self._wanted:
            return
        for column, width in zip(self.ordered_columns, fitted(self._wanted, room), strict=True):
            column.width = width
        self._require_update_dimensions = True
        self.refresh(layout=True)

    def put(self, key: str, cells: Sequence[object], style: str = "") -> None:
        """A row at the end; a `Text` among the cells keeps its style."""
        self.add_row(*(_cell(each, style) for each in cells), key=key)

    def change(self, key: str, column: str, cell: object, style: str = "") -> None:
        self.redraw(self.get_row_index(key), self.get_column_index(column), _cell(cell, style))


def _cell(value: object, style: str) -> Text:
    return Text(safe_text(value), style=style, no_wrap=True, end="")


class Page(TextArea):
    """Long text to read, with lines: not to be changed."""

    def __init__(self, text: object = "", *, id: str | None = None) -> None:
        super().__init__(safe_text(text, MOST_LINES, lines=True), read_only=True, id=id, soft_wrap=True)

    def say(self, text: object) -> None:
        self.load_text(safe_text(text, MOST_LINES, lines=True))
