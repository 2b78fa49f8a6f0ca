"""Events of the audit log as a file: those that the filter lets through, as a table or as JSON."""

import asyncio
import csv
import json
from collections.abc import Callable, Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.files.cells import cell
from postex_tui.moments import as_text
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.office.audit.filter import Filter
from postex_tui.screens.office.audit.words import party

if TYPE_CHECKING:
    from postex_tui.screens.office.audit.section import Audit

MOST = 100_000
"""Events of one file."""
PAGE = 500
TOO_MANY = N_("The newest {count} are in the file. For older ones, say until when: /")
COLLECTING = N_("Collected: {count}")


async def save(screen: "Audit", wanted: Filter, tell: Callable[[str], None]) -> None:
    """Ask in which form, collect, hand over. `tell` hears how many there are so far."""
    how = await screen.post.push_screen_wait(_form(screen, wanted))
    if how is None:
        return
    try:
        events, is_all = await _collect(screen, wanted, tell)
    except Refusal as refusal:
        screen.post.tell(refusal.message, wrong=True)
        return
    content = await asyncio.to_thread(_as_json if how["form"] == "json" else _as_csv, events, screen.say)
    kept = await screen.post.hand_over(f"postex-audit.{how['form']}", content)
    if kept and not is_all:
        screen.post.tell(screen.say(TOO_MANY, count=len(events)))


def _form(screen: "Audit", wanted: Filter) -> Form:
    forms = [(screen.say(N_("CSV, for a spreadsheet")), "csv"), (screen.say(N_("JSON, for programs")), "json")]
    asks = [Ask("form", screen.say(N_("Form")), "csv", options=forms)]
    explained = screen.say(N_("What is in the file: {what}"), what=wanted.words(screen.say))
    return Form(screen.say(N_("Save events")), asks, screen.say(N_("Save")), explained)


async def _collect(
    screen: "Audit", wanted: Filter, tell: Callable[[str], None]
) -> tuple[list[Mapping[str, Any]], bool]:
    """The newest of them, and whether these are all."""
    events: list[Mapping[str, Any]] = []
    after: str | None = None
    asked = wanted.query(screen.say)
    while len(events) < MOST:
        page = await screen.api.get("/audit/events", after=after, limit=PAGE, **asked)
        events += page["items"]
        tell(screen.say(COLLECTING, count=len(events)))
        if (after := page["next"]) is None:
            return events, True
    return events, False


def _as_json(events: list[Mapping[str, Any]], _: Callable[..., str]) -> bytes:
    return json.dumps({"events": events}, indent=1).encode()


def _as_csv(events: list[Mapping[str, Any]], say: Callable[..., str]) -> bytes:
    """Names of columns are those of the API, for whoever reads it by a program."""
    written = StringIO()
    rows = csv.writer(written)
    rows.writerow(("position", "time_utc", "kind", "actor", "subject", "detail"))
    for each in events:
        parties = [party(say, each[name]) for name in ("actor", "subject")]
        detail = "" if each["detail"] is None else json.dumps(each["detail"])
        rows.writerow(map(cell, (each["position"], as_text(each["at"]), each["kind"], *parties, detail)))
    return written.getvalue().encode()
