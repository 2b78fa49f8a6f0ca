"""`postex audit`: read the log as one's role may, verify it, and make heads to keep outside."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.moments import as_epoch, as_text
from postex_tui.options import AsJson, Data

app = typer.Typer(help="The audit log: who did what, and whether it is whole.", no_args_is_help=True)
_HEAD_MEMBERS = ("position", "hash", "at", "signature")
_LARGEST_HEAD = 65_536
_STANDINGS = {
    "holds": "the log still has the event that it names",
    "cut": "the log ends before it: rolled back, restored from an older backup, or cut off",
    "rewritten": "another event stands at its place: the log was made anew",
    "foreign": "this bridge did not sign it, or it was altered",
}
Since = Annotated[str | None, typer.Option(help="From this day or time (2026-11-01, 2026-11-01T08:30; UTC).")]
Until = Annotated[str | None, typer.Option(help="Before this day or time.")]


@app.command("list")
def listing(
    data: Data,
    kind: Annotated[
        str | None, typer.Option(help="Such as device.added; device: all of devices; several with commas.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="By or about this account; auditors: a pseudonym.")] = None,
    actor: Annotated[str | None, typer.Option(help="Done by this account, or operator, system or outside.")] = None,
    subject: Annotated[str | None, typer.Option(help="Done to this account.")] = None,
    position: Annotated[int | None, typer.Option(min=1, help="From this event on, to older ones.")] = None,
    domain: Annotated[str | None, typer.Option(help="About this domain and its accounts.")] = None,
    since: Since = None,
    until: Until = None,
    sight: Annotated[
        str | None, typer.Option(help="Which of your roles reads: auditor, owner, domain, redacted, self.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most events.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List events, newest first, as far as your role sees them."""
    from itertools import islice

    from postex_tui.client import control

    query: dict[str, str | int | bool | None] = {
        "kind": kind,
        "account": account,
        "actor": actor,
        "subject": subject,
        "position": position,
        "domain": domain,
        "since": None if since is None else as_epoch(since),
        "until": None if until is None else as_epoch(until),
        "sight": sight,
        "limit": min(limit, 500),
    }
    with control(data) as api:
        events = list(islice(api.pages("/audit/events", **query), limit))
    answer(as_json, {"events": events}, "\n".join(_lines(events)) or "No such events.")


@app.command("show")
def show(
    data: Data, position: Annotated[int, typer.Argument(min=1, help="Of the event.")], as_json: AsJson = False
) -> None:
    """Show one event; to those who may verify the log with its place in the chain."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(f"/audit/events/{position}")
    chain = [f"{name:<9} {found[name]}" for name in ("hash", "previous") if found[name]]
    answer(as_json, found, "\n".join([*_lines([found]), *chain]))


@app.command("verify")
def verify(
    data: Data,
    head: Annotated[
        Path | None, typer.Option("--head", help="File with a head that was kept outside.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the whole log, and that it still has what a head kept outside names. Exit status 1 if not."""
    from postex_tui.client import control

    kept = None if head is None else _read(head)
    with control(data) as api:
        found = api.post("/audit/verification", {"head": kept})
    answer(as_json, found, _verdict(found))
    if not found["holds"]:
        raise typer.Exit(1)


@app.command("head")
def head(data: Data, as_json: AsJson = False) -> None:
    """Show where the log ends, signed: keep it outside this machine, for `verify --head`."""
    from postex_tui.client import control

    with control(data) as api:
        made = api.get("/audit/head")
    words = (
        f"position    {made['position']}\ntime        {as_text(made['at'])}\nhash        {made['hash']}\n"
        f"signature   {made['signature']}\npublic key  {made['public_key']} (Ed25519)\n"
        "With --json this is a file for: postex audit verify --head FILE"
    )
    answer(as_json, made, words)


@app.command("reindex")
def reindex(data: Data, as_json: AsJson = False) -> None:
    """Make the index of accounts and domains anew, out of the events: where verify found it wrong."""
    from postex_tui.client import control

    with control(data) as api:
        api.post("/audit/index")
    answer(as_json, {"reindexed": True}, "The index is made anew. Who could write to it? Look for that too.")


def _read(file: Path) -> Mapping[str, object]:
    """The members of a head, out of what `head --json`, a line of the journal or a backup's manifest says."""
    import json

    try:
        with file.open("rb") as opened:
            content = json.loads(opened.read(_LARGEST_HEAD))
        return {name: content[name] for name in _HEAD_MEMBERS}
    except OSError as error:
        raise Refusal("no-file", f"{file}: {error.strerror}", USAGE) from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refusal("no-head", f"{file}: holds no head; make one with: postex audit head --json", USAGE) from None


def _verdict(found: Mapping[str, Any]) -> str:
    lines = []
    if found["broken_at"] is not None:
        lines.append(f"The log does not hold from position {found['broken_at']} on: events were changed there.")
    if found["misindexed_at"] is not None:
        lines.append(
            f"The index of accounts and domains is wrong at position {found['misindexed_at']}; the events are not"
            " concerned. To make it anew: postex audit reindex"
        )
    if found["first_bad"] is None:
        lines.append(f"All events up to position {found['position']} hold.")
    if found["head"] is not None:
        kept = found["head"]
        standing = _STANDINGS.get(kept["standing"], kept["standing"])
        lines.append(f"Head of position {kept['position']}, {as_text(kept['at'])}: {kept['standing']}; {standing}.")
    return "\n".join(lines)


def _lines(events: list[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        detail = event["detail"]
        shown = "" if not detail else " ".join(f"{name}={_plain(value)}" for name, value in detail.items())
        line = (
            f"{event['position']:>8}  {as_text(event['at'])}  {event['kind']:<24}"
            f"  {_party(event['actor'])} → {_party(event['subject'])}  {shown}"
        )
        yield line.rstrip()


def _plain(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _party(party: Mapping[str, Any]) -> str:
    name = party["name"] or party["id"] or party["noun"]
    return f"{name} ({party['role']})" if party["role"] else str(name)
