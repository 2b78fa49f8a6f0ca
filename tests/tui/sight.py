"""Whether a screen can be read: no table lies beyond its room, and letters stand out from what is behind them.

Contract. `beyond(app)` names tables that are wider than their room. `faint(app, least)` gives words whose contrast,
as WCAG 2.2 (1.4.3) reckons it from the colours that are painted, is below `least`. What is dimmed cannot be used now,
and WCAG asks nothing of it; so is all that lies below the palette.
"""

from collections.abc import Iterator
from functools import cache

from rich.color import Color
from textual.app import App

from postex_tui.themes import CONTRAST
from postex_tui.widgets.plain import Grid


def least(app: App[object]) -> float:
    """As WCAG has it at its level AA; AAA where one chose high contrast."""
    return 7.0 if app.theme == CONTRAST.name else 4.5


def beyond(app: App[object]) -> list[str]:
    """Tables that one would have to scroll sideways."""
    grids = (each for each in app.screen.query(Grid) if each.is_on_screen and each.size.width)
    return [f"{each!r}: {each.virtual_size.width}" for each in grids if each.virtual_size.width > each.size.width]


def faint(app: App[object], least: float) -> list[str]:
    """With their colours."""
    if app.screen.is_modal:
        return []
    painted = {each for each in _painted(app) if any(map(str.isalnum, each[0]))}
    return sorted(
        f"{words.strip()!r}: {ink.name} on {paper.name}"
        for words, ink, paper in painted
        if _contrast(ink, paper) < least
    )


def _painted(app: App[object]) -> Iterator[tuple[str, Color, Color]]:
    for strip in app.screen._compositor.render_strips():
        for words, style, _ in strip:
            if style is not None and style.color and style.bgcolor and not style.dim:
                yield words, style.color, style.bgcolor


@cache
def _contrast(*colors: Color) -> float:
    darker, lighter = sorted(map(_luminance, colors))
    return (lighter + 0.05) / (darker + 0.05)


@cache
def _luminance(color: Color) -> float:
    parts = (part / 255 for part in color.get_truecolor())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
