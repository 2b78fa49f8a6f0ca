"""The looks of the app: light, dark and high contrast. Screens name roles ($primary, $error), never colours."""

from textual.theme import Theme


def _scrolling(bar: str, track: str) -> dict[str, str]:
    """A bar that is calm in each state, on a track that is no hole in what it stands on."""
    states = ("", "-hover", "-active")
    return {f"scrollbar{state}": bar for state in states} | {
        f"scrollbar-background{state}": track for state in states
    }


LIGHT = Theme(
    name="postex-light",
    primary="#0b5f6b",
    secondary="#3f5b73",
    accent="#9a4b00",
    foreground="#1f2730",
    background="#f5f3ee",
    surface="#ffffff",
    panel="#e8e4da",
    success="#226b37",
    warning="#8a5a00",
    error="#a3262a",
    dark=False,
    variables={
        "border": "#b9b2a3",
        "border-blurred": "#d3cdbf",
        "footer-key-foreground": "#0b5f6b",
        "hint": "#434b53",
        **_scrolling("#b9b2a3", "#e8e4da"),
    },
)
DARK = Theme(
    name="postex-dark",
    primary="#5fc3d1",
    secondary="#8aa8c4",
    accent="#f0a35b",
    foreground="#d9dee3",
    background="#14181d",
    surface="#1b2127",
    panel="#262e36",
    success="#7cc68d",
    warning="#e2b65c",
    error="#f08080",
    dark=True,
    variables={
        "border": "#3d4852",
        "border-blurred": "#2d363e",
        "footer-key-foreground": "#5fc3d1",
        "hint": "#bcc5cd",
        **_scrolling("#3d4852", "#1f262d"),
    },
)
CONTRAST = Theme(
    name="postex-contrast",
    primary="#ffff00",
    secondary="#ffffff",
    accent="#00ffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#2b2b2b",
    success="#00ff00",
    warning="#ffff00",
    error="#ffa0a0",
    dark=True,
    variables={
        "border": "#ffffff",
        "border-blurred": "#ffffff",
        "footer-key-foreground": "#ffff00",
        "text-muted": "#ffffff",
        "hint": "#e8e8e8",
        **_scrolling("#ffffff", "#2b2b2b"),
        "block-cursor-background": "#ffff00",
        "block-cursor-foreground": "#000000",
        "block-cursor-blurred-background": "#ffffff",
        "block-cursor-blurred-foreground": "#000000",
    },
)
ALL = (DARK, LIGHT, CONTRAST)
