"""`postex status`: how the bridge stands and what needs doing, for people and for a monitor.

Exit status, as monitors know it: 0 nothing needs doing (notices aside), 1 warnings, 2 something is critical, 3 nobody
can tell.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from postex_tui.answers import Refusal, answer
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Data

STATUS = {"critical": 2, "warning": 1, "notice": 0}
UNKNOWN = 3
GB = 10**9


def status(data: Data, as_json: AsJson = False) -> None:
    """Tell how the bridge stands: arrivals, outbox, sessions, disk, certificate, backup, and what needs doing.

    Exit status: 0 nothing needs doing, 1 warnings, 2 something is critical, 3 nobody can tell.
    """
    from postex_tui.client import control

    try:
        with control(data) as api:
            found = api.get("/dashboard")
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.message, UNKNOWN) from None
    answer(as_json, found, "\n".join(_lines(found)))
    raise typer.Exit(max((STATUS[each["severity"]] for each in found["alerts"]), default=0))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    for each in found["alerts"]:
        yield f"{each['severity'].upper()}: {each['text']}\n  {each['remedy']}"
    if not found["alerts"]:
        yield "Nothing needs doing."
    yield from _traffic(found)
    if found["machine"] is not None:
        yield from _machine(found["machine"])


def _traffic(found: Mapping[str, Any]) -> Iterator[str]:
    arrivals, outbox, live = found["arrivals"], found["outbox"], found["sessions"]
    if found["domains"] is not None:
        yield f"domains    {', '.join(found['domains'])}"
    channels = ", ".join(f"{name} {count}" for name, count in arrivals["channels"].items() if count)
    by_channel = f" ({channels})" if channels else ""
    hour, day = sum(arrivals["minutes"]), sum(arrivals["hours"])
    yield f"arrivals   {hour} documents in the last hour, {day} in the last 24{by_channel}"
    yield "outbox     " + ", ".join(f"{name} {count}" for name, count in outbox.items())
    yield "sessions   " + ", ".join(f"{name} {count}" for name, count in live.items())
    yield "accounts   " + ", ".join(f"{name} {count}" for name, count in found["accounts"].items() if count)


def _machine(machine: Mapping[str, Any]) -> Iterator[str]:
    disk, certificate, backup = machine["disk"], machine["certificate"], machine["backup"]
    sizes = {name: f"{count / GB:.1f} GB" for name, count in disk.items()}
    kept = f"documents {sizes['bodies']}, database {sizes['database']}"
    yield f"disk       {sizes['free']} of {sizes['total']} free; {kept}"
    if certificate is None:
        yield "tls        certificate cannot be read"
    else:
        by_itself = ", self-signed" if certificate["self_signed"] else ""
        yield f"tls        {certificate['subject']}, until {as_text(certificate['ends_at'])[:10]}{by_itself}"
    made, drilled = backup["made_at"], backup["drilled_at"]
    drill = "no restore drill yet" if drilled is None else f"restore drill {as_text(drilled)[:10]}"
    yield f"backup     {'none yet' if made is None else as_text(made)}, {drill}"
    up = machine["started_at"]
    running = "not running" if up is None else f"up since {as_text(up)}"
    yield f"bridge     Postex {machine['version']}, {machine['hostname']}, {running}"
