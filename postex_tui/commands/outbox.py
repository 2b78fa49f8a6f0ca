"""`postex outbox`: what waits to be handed off, what was given up, and what nobody knows of."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from postex_tui.answers import answer
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Data

app = typer.Typer(help="What waits to leave: e-mail, paper, external mailboxes, notices.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="Number of the job.", min=1)]


@app.command("list")
def listing(
    data: Data,
    state: Annotated[
        Literal["waiting", "dead", "uncertain"] | None, typer.Option(help="Only these.", show_default=False)
    ] = None,
    kind: Annotated[
        Literal["external", "email", "paper", "notice"] | None, typer.Option(help="Only these.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most jobs.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    from itertools import islice

    from postex_tui.client import control

    with control(data) as api:
        pages = api.pages("/outbox", state=state, kind=kind, limit=min(limit, 500))
        found = list(islice(pages, limit))
    answer(as_json, {"jobs": found}, "\n".join(map(_line, found)) or "Nothing waits in the outbox.")


@app.command("retry")
def retry(job: Number, data: Data, as_json: AsJson = False) -> None:
    """Try it now: a dead letter again, or what waits without waiting on."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.post(f"/outbox/{job}/retry")
    answer(as_json, found, f"Job {job} is tried at once.")


@app.command("settle")
def settle(
    job: Number,
    data: Data,
    done: Annotated[bool, typer.Option("--done/--not-done", help="Whether it has happened; not: it is tried again.")],
    as_json: AsJson = False,
) -> None:
    """Say of an uncertain one whether it has happened: look in the printer's log, the mailbox, the relay's log."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.post(f"/outbox/{job}/settlement", {"done": done})
    answer(as_json, found, f"Job {job} is done." if done else f"Job {job} is tried again.")


@app.command("cancel")
def cancel(job: Number, data: Data, as_json: AsJson = False) -> None:
    """It is not tried again; the document stays in the mailbox, and a ladder goes on."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.delete(f"/outbox/{job}")
    answer(as_json, found, f"Job {job} is cancelled.")


def _line(found: Mapping[str, Any]) -> str:
    at = f"next {as_text(found['due_at'])}" if found["due_at"] is not None else f"since {as_text(found['since'])}"
    tried = f"{found['attempts']} attempts"
    why = " ".join(part for part in (found["problem"], found["step"] and f"at {found['step']}") if part)
    whose = found["email"] or found["account"] or "-"
    return f"{found['id']:>6}  {found['state']:<9}  {found['kind']:<8}  {at}  {tried}  {whose}  {why}".rstrip()
