"""QR codes drawn with half blocks, two modules to a character (ISO/IEC 18004); and what is typed where none scans."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segno import QRCode

HALVES = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
QUIET, NARROW = 4, 2
"""Light modules around the code. The standard asks for four; cameras find it with two, where rows are few."""


def drawn(content: str, error: str = "l", *, on_dark: bool = True, quiet: int = QUIET) -> str:
    """Lines of equal width. `on_dark`: for light letters on a dark ground, where the light modules are drawn."""
    import segno

    rows = [[module != on_dark for module in row] for row in _modules(segno.make(content, error=error), quiet)]
    if len(rows) % 2:
        rows.append([on_dark] * len(rows[0]))
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(HALVES[pair] for pair in zip(*lines, strict=True)) for lines in pairs)


def of_kit(kit: str, *, on_dark: bool = True, quiet: int = QUIET) -> str:
    """A recovery kit."""
    return drawn(kit.replace(" ", ""), "m", on_dark=on_dark, quiet=quiet)


def picture(content: str) -> bytes:
    """A code as an SVG file."""
    from io import BytesIO

    import segno

    out = BytesIO()
    segno.make(content, error="m").save(out, kind="svg", scale=6)
    return out.getvalue()


def in_groups(secret: str) -> str:
    """In fours, for typing."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _modules(code: "QRCode", quiet: int) -> list[list[bool]]:
    """Dark ones are true."""
    return [[bool(module) for module in row] for row in code.matrix_iter(border=quiet)]
