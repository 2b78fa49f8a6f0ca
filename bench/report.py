"""The table: medians by server, our ratio to each peer, whether the goal is met, and what limits the row."""

import json
from collections.abc import Iterable

from bench.limits import LIMITS
from bench.rows.row import ACCEPT, DELIVERED, DOVECOT, OURS, SDBOX, SEALED, Figures, Row

COLUMNS = (OURS, ACCEPT, DELIVERED, DOVECOT, SEALED, SDBOX)
Results = dict[str, Figures]
"""Medians by row key, then by server."""
Reasons = dict[tuple[str, str], str]
"""Why a (row, server) has no figure."""


def figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}".replace(",", " ") if value >= 100 else f"{value:.3g}"


def ratio(figures: Figures, peer: str) -> str:
    if OURS not in figures or not figures.get(peer):
        return ""
    return f" ({figures[OURS] / figures[peer]:.2g} ×)"


def verdict(row: Row, figures: Figures) -> str:
    if row.goal is None:
        return ""
    met = row.goal.met(figures)
    return "?" if met is None else "yes" if met else "NO"


def cells(row: Row, figures: Figures) -> list[str]:
    """Title, our median, each peer's with our ratio to it, goal, met."""
    peers = [figure(figures.get(peer)) + ratio(figures, peer) for peer in COLUMNS[1:]]
    goal = row.goal.text if row.goal else ""
    return [f"{row.title}, {row.unit}", figure(figures.get(OURS)), *peers, goal, verdict(row, figures)]


_HEAD = ["row", *COLUMNS, "goal", "met"]


def as_text(rows: Iterable[Row], results: Results) -> str:
    """For the terminal, columns aligned."""
    lines = [_HEAD] + [cells(row, results.get(row.key, {})) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def as_markdown(rows: Iterable[Row], results: Results) -> str:
    """For docs/performance.md, with what limits each row."""
    head = [*_HEAD, "what limits"]
    lines = [head, ["---"] * len(head)]
    lines += [[*cells(row, results.get(row.key, {})), LIMITS.get(row.key, "")] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def as_json(rows: Iterable[Row], results: Results, reasons: Reasons) -> str:
    table = [
        {
            "row": row.key,
            "title": row.title,
            "unit": row.unit,
            "medians": results.get(row.key, {}),
            "goal": row.goal.text if row.goal else None,
            "met": row.goal.met(results.get(row.key, {})) if row.goal else None,
        }
        for row in rows
    ]
    missing = [{"row": row, "server": server, "reason": reason} for (row, server), reason in reasons.items()]
    return json.dumps({"rows": table, "missing": missing}, ensure_ascii=False, indent=1)
