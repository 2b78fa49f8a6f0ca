"""`postex statistics`: counts per domain."""

from collections.abc import Iterator, Mapping
from typing import Any

from postex_tui.answers import answer
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Data


def statistics(data: Data, as_json: AsJson = False) -> None:
    """Count accounts, devices and documents per domain; figures of too few people are left out."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/statistics")
    answer(as_json, found, "\n".join(_lines(found)))


def _month(month: Mapping[str, Any], few: str) -> Iterator[str]:
    since = as_text(month["since"])[:7]
    for name in ("channel", "type", "opening"):
        told = (f"{value} {few if count is None else count}" for value, count in month[f"by_{name}"].items())
        yield f"  documents of {since} by {name}: {', '.join(told) or few}"


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    few, days = f"fewer than {found['threshold']}", found["days"]
    for each in found["domains"]:
        shown = {name: few if figure is None else str(figure) for name, figure in each.items()}
        yield each["domain"]
        yield f"  accounts {shown['accounts']}, with a device used in {days} days {shown['connected']}"
        states = (f"{state} {figure}" for state, figure in each["by_state"].items() if figure is not None)
        yield f"  by state: {', '.join(states) or few}"
        yield f"  documents on told days of the last {days} {shown['documents']}, bytes kept {shown['stored_bytes']}"
        yield from _month(each["month"], few)
        clients = (f"{name} {figure}" for name, figure in each["clients"].items())
        yield f"  mail programs: {', '.join(clients) or few}"
    if not found["domains"]:
        yield "No domain in your reach."
