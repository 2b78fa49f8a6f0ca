"""The quick drawing of tables is Textual's, cell by cell, but for the ellipsis; a changed cell is seen at once."""

from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.widgets import DataTable

from postex_tui.widgets.plain import Grid

ROWS = (("a", "short", "x"), ("b", "長い名前の長い名前", "é"), ("c", "cut " * 20, ""))


class Tables(App[None]):
    """One table."""

    def compose(self) -> ComposeResult:
        yield Grid()

    def on_mount(self) -> None:
        grid = self.query_one(Grid)
        grid.columns_are([("one", "One", 20), ("two", "Two", 6)])
        for key, *cells in ROWS:
            grid.put(key, cells, "bold" if key == "b" else "")


async def test_cells_are_drawn_as_textual_does_and_change() -> None:
    async with Tables().run_test(size=(60, 10)) as pilot:
        grid = pilot.app.query_one(Grid)
        behind = grid.rich_style
        for row in range(-1, len(ROWS)):
            for column, width in enumerate(each.get_render_width(grid) for each in grid.ordered_columns):
                for state in ((False, False), (True, False), (False, True)):
                    (quick,) = grid._render_cell(row, column, behind, width, *state)
                    grid._cell_render_cache.clear()
                    (theirs,) = DataTable._render_cell(grid, row, column, behind, width, *state)
                    drawn, plain = ("".join(part.text for part in each) for each in (quick, theirs))
                    assert drawn == plain or (drawn.endswith("… ") and cell_len(drawn) == cell_len(plain))
                    assert drawn.rstrip(" …") == plain[: len(drawn.rstrip(" …"))]
                    assert theirs[1].style is not None
                    assert quick[0].style == theirs[1].style
        grid.change("b", "two", "new")
        await pilot.pause()
        assert "new" in grid.render_line(2).text
        assert "Two" in grid.render_line(0).text
        assert "cut c… " in grid.render_line(3).text
