"""`postex sender recipients`, `sent` and `batch`, `postex me disclosures`: what senders see, and who reads of it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from postex_tui.answers import answer
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Data

batch = typer.Typer(help="Documents held until you say how many there are.", no_args_is_help=True)
Limit = Annotated[int, typer.Option(min=1, help="Most lines.")]
Name = Annotated[str, typer.Argument(help="Name of the batch.", show_default=False)]
PAGE = 500
_TOLD = {
    "channel": "by which channel that sender's documents reach you",
    "document": "a document, to carry it",
    "opened": "that you opened a document of that sender",
}


def recipients(
    data: Data,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV: a line a recipient, a column a type.")] = False,
    text: Annotated[
        str | None, typer.Option(help="Part of the address: of the others nothing is asked.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """By which channel a document of each type would reach your own recipients now. They can read that you asked."""
    from postex_tui.client import control
    from postex_tui.files import recipients

    with control(data) as api:
        found = list(api.pages("/accounts/me/recipients", limit=PAGE, text=text))
    words = recipients.drawn(found) if csv else "\n".join(map(_recipient, found))
    answer(as_json, {"recipients": found}, words)


def _recipient(each: Mapping[str, Any]) -> str:
    by_channel: dict[str, list[str]] = {}
    for kind, channel in each["channels"].items():
        by_channel.setdefault(channel, []).append(kind)
    if len(by_channel) == 1:
        return f"{each['recipient']}  {next(iter(by_channel))}"
    return f"{each['recipient']}  " + "; ".join(
        f"{channel}: {', '.join(kinds)}" for channel, kinds in by_channel.items()
    )


def sent(
    data: Data,
    state: Annotated[
        Literal["held", "accepted", "handed-off", "delivered", "refused"] | None,
        typer.Option(help="Only these.", show_default=False),
    ] = None,
    recipient: Annotated[str | None, typer.Option(help="Part of the address.", show_default=False)] = None,
    batch: Annotated[str | None, typer.Option(help="Name of a batch.", show_default=False)] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List what became of your documents, newest first: a line for each recipient."""
    from itertools import islice

    from postex_tui.client import control

    with control(data) as api:
        asked = {"state": state, "recipient": recipient, "batch": batch}
        found = list(islice(api.pages("/accounts/me/sent", limit=min(limit, PAGE), **asked), limit))
    answer(as_json, {"sent": found}, "\n".join(map(_sent, found)))


def _sent(each: Mapping[str, Any]) -> str:
    opened = f", opened {as_text(each['opened_at'])}" if each["opened_at"] else ""
    held = f" in batch {each['batch']}" if each["state"] == "held" else ""
    return f"{as_text(each['handed_in_at'])}  {each['document']}  {each['recipient']}  {each['state']}{held}{opened}"


def disclosures(data: Data, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List who was told what about you, newest first: senders, and third parties that carried a document."""
    from itertools import islice

    from postex_tui.client import control

    with control(data) as api:
        found = list(islice(api.pages("/accounts/me/disclosures", limit=min(limit, PAGE)), limit))
    answer(as_json, {"disclosures": found}, "\n".join(map(_told, found)) or "Nobody was told anything about you.")


def _told(each: Mapping[str, Any]) -> str:
    return f"{as_text(each['at'])}  {each['told']}: {_TOLD.get(each['what'], each['what'])} ({each['road']})"


@batch.command("list")
def listing(data: Data, as_json: AsJson = False) -> None:
    """List your batches, newest first."""
    from postex_tui.client import control

    with control(data) as api:
        found = list(api.pages("/accounts/me/batches"))
    answer(as_json, {"batches": found}, "\n".join(map(_batch, found)))


@batch.command("commit")
def commit(
    name: Name,
    data: Data,
    count: Annotated[
        int, typer.Option("--count", min=0, help="How many you handed in: one for three recipients counts three.")
    ],
    as_json: AsJson = False,
) -> None:
    """Hand over all that is held under a name, if the count agrees; else nothing."""
    _change(name, data, as_json, "commit", {"count": count})


@batch.command("cancel")
def cancel(name: Name, data: Data, as_json: AsJson = False) -> None:
    """Drop all that is held under a name."""
    _change(name, data, as_json, "cancel", {})


def _change(name: str, data: Any, as_json: bool, verb: str, body: Mapping[str, object]) -> None:
    from postex_tui.client import control

    with control(data) as api:
        done = api.post(f"/accounts/me/batches/{quote(name, safe='')}/{verb}", body, seconds=3600)
    answer(as_json, done, _batch(done))


def _batch(each: Mapping[str, Any]) -> str:
    held = f"  {each['count']} held since {as_text(each['opened_at'])}" if each["count"] else ""
    return f"{each['name']}  {each['state']}{held}"
