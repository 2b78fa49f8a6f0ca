"""`postex outbox`: what waits to be handed off, what was given up, and what nobody knows of."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from postex_tui.answers import USAGE, Refusal, answer
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


@app.command("counts")
def counts(data: Data, as_json: AsJson = False) -> None:
    """Count jobs by kind and state."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/outbox/counts")
    words = "\n".join(f"{each['state']:<9}  {each['kind']:<8}  {each['count']}" for each in found)
    answer(as_json, {"counts": found}, words or "Nothing waits in the outbox.")


@app.command("paused")
def paused(data: Data, as_json: AsJson = False) -> None:
    """List recipients whose notices go nowhere any more, as their URL took none for a day."""
    from postex_tui.client import control

    with control(data) as api:
        found = list(api.pages("/outbox/paused-addresses"))
    lines = (f"{as_text(each['paused_at'])}  {each['service']}  {each['email'] or each['account']}" for each in found)
    answer(as_json, {"paused": found}, "\n".join(lines))


@app.command("retry")
def retry(
    data: Data,
    job: Annotated[int | None, typer.Argument(help="Number of the job.", min=1, show_default=False)] = None,
    all_dead: Annotated[
        Literal["external", "email", "paper", "notice"] | None,
        typer.Option("--all", help="All dead letters of this kind.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try it now: a dead letter again, or what waits without waiting on."""
    from postex_tui.client import control

    if (job is None) is (all_dead is None):
        raise Refusal("usage", "name a job, or a kind with --all", USAGE)
    with control(data) as api:
        if all_dead is not None:
            found = api.post("/outbox/retries", {"kind": all_dead}, seconds=3600)
            words = f"{found['retried']} are tried at once; {found['left']} cannot be: their documents are gone."
        else:
            found, words = api.post(f"/outbox/{job}/retry"), f"Job {job} is tried at once."
    answer(as_json, found, words)


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
