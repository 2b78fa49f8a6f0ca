"""`postex preference`: how documents come, chosen per sender; `postex domain preference`: where nobody chose."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.moments import as_epoch, as_text
from postex_tui.options import AsJson, Data

app = typer.Typer(help="How your documents come, per sender.", no_args_is_help=True)
of_domain = typer.Typer(help="What a domain chooses where its recipients did not.", no_args_is_help=True)

OWN = "/accounts/me/preferences"
FIELDS = ("channel", "folder", "notify", "quiet", "ladder", "retention_days", "receipts", "language")
_LABELS = {"retention_days": "keep"}
"""Where a field has another name than its option."""
Sender = Annotated[
    str,
    typer.Argument(help="Name or address of the sender, its #number, or `any`: all of them.", show_default=False),
]
Domain = Annotated[str, typer.Argument(help="Name of the domain.", show_default=False)]
Type = Annotated[
    str | None,
    typer.Option(
        "--type",
        help="Of one type: letter, invoice, reminder, payslip, contract, notice, newsletter or other.",
        show_default=False,
    ),
]
Channel = Annotated[str | None, typer.Option(help="mailbox, external, email, paper or refuse.", show_default=False)]
NotifyBy = Annotated[
    str | None,
    typer.Option("--notify", help="A notice without contents: none, at-once or daily.", show_default=False),
]
Quiet = Annotated[str | None, typer.Option(help="No notices in these hours: 22:00-07:00.", show_default=False)]
Ladder = Annotated[
    str | None,
    typer.Option(
        help="What is done while a document stays unread, by day: `3:remind 7:email 14:paper`; `none`: nothing.",
        show_default=False,
    ),
]
Keep = Annotated[
    str | None, typer.Option(help="Days after which documents are erased; `forever`.", show_default=False)
]
Batch = Annotated[
    str | None, typer.Argument(help="The change, as history lists it; the last one if left out.", show_default=False)
]


@app.command("list")
def listing(data: Data, as_json: AsJson = False) -> None:
    """Show what you have chosen, and how each sender's documents come now."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(OWN)
    chosen = [_line(each) for each in found["preferences"]]
    now_so = [f"{_name(each['sender']):<40} {each['channel']}" for each in found["senders"]]
    mandatory = [f"cannot be refused: {', '.join(found['mandatory'])}"] if found["mandatory"] else []
    parts = [("Chosen:", chosen), ("Documents come now:", now_so), ("Of your domain:", mandatory)]
    words = "\n".join("\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in parts if lines)
    answer(as_json, found, words or "You have chosen nothing: documents come into the mailbox. No sender yet.")


@app.command("set")
def choose(
    sender: Sender,
    data: Data,
    type: Type = None,
    channel: Channel = None,
    folder: Annotated[
        str | None, typer.Option(help="Folder of your mailbox, such as Energy/2026.", show_default=False)
    ] = None,
    notify: NotifyBy = None,
    quiet: Quiet = None,
    ladder: Ladder = None,
    keep: Keep = None,
    receipts: Annotated[
        bool | None, typer.Option("--receipts/--no-receipts", help="Whether the sender learns that you opened it.")
    ] = None,
    receipts_until: Annotated[
        str | None, typer.Option(help="Day on which that consent ends by itself.", show_default=False)
    ] = None,
    language: Annotated[str | None, typer.Option(help="Of what Postex writes: nl or en.", show_default=False)] = None,
    accept_carriers: Annotated[
        bool, typer.Option("--accept-carriers", help="Agree that third parties carry the documents, and see them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Choose for a sender, or for all. What you do not name stays as it is. Undo: within 24 hours."""
    own = {"folder": folder, "receipts": receipts, "language": language}
    until = None if receipts_until is None else as_epoch(receipts_until)
    body = _given(type, channel, notify, quiet, ladder, keep) | {k: v for k, v in own.items() if v is not None}
    body |= {"sender": sender, "receipts_until": until, "accept_carriers": accept_carriers}
    _change(data, OWN, body, as_json)


@app.command("clear")
def clear(
    sender: Sender,
    data: Data,
    type: Type = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field",
            help="channel, folder, notify, quiet, ladder, keep, receipts or language; may be repeated."
            " All of them if left out.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say nothing any more at this level: a less specific one decides."""
    _change(
        data, OWN, {"sender": sender, "type": type, "clear": [_stored(each) for each in fields or ["all"]]}, as_json
    )


@app.command("history")
def history(
    data: Data, limit: Annotated[int, typer.Option(min=1, help="Most lines.")] = 50, as_json: AsJson = False
) -> None:
    """List what was changed, when, by whom and on which road; newest first."""
    _history(data, OWN, limit, as_json)


@app.command("undo")
def undo(data: Data, batch: Batch = None, as_json: AsJson = False) -> None:
    """Take a change back, whole, within 24 hours."""
    _undo(data, OWN, batch, as_json)


@of_domain.command("list")
def domain_listing(domain: Domain, data: Data, as_json: AsJson = False) -> None:
    """Show what the domain chose, and which types nobody can refuse."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(domain_path(domain))
    answer(as_json, found, "\n".join(map(_line, found["preferences"])))


@of_domain.command("set")
def domain_choose(
    domain: Domain,
    data: Data,
    type: Type = None,
    mandatory: Annotated[
        bool | None, typer.Option("--mandatory/--not-mandatory", help="Of a type: whether nobody can refuse it.")
    ] = None,
    channel: Channel = None,
    notify: NotifyBy = None,
    quiet: Quiet = None,
    ladder: Ladder = None,
    keep: Keep = None,
    as_json: AsJson = False,
) -> None:
    """Choose for recipients who chose nothing, for all types or one; of a type also whether it is mandatory."""
    body = domain_body(type, mandatory, channel, notify, quiet, ladder, keep)
    _change(data, domain_path(domain), body, as_json)


@of_domain.command("clear")
def domain_clear(domain: Domain, data: Data, type: Type = None, as_json: AsJson = False) -> None:
    """Choose nothing for recipients any more, or nothing of one type. Types that are mandatory stay so."""
    _change(data, domain_path(domain), {"type": type, "clear": ["all"]}, as_json)


@of_domain.command("history")
def domain_history(
    domain: Domain,
    data: Data,
    limit: Annotated[int, typer.Option(min=1, help="Most lines.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List what was changed, newest first."""
    _history(data, domain_path(domain), limit, as_json)


@of_domain.command("undo")
def domain_undo(domain: Domain, data: Data, batch: Batch = None, as_json: AsJson = False) -> None:
    """Take a change back within 24 hours."""
    _undo(data, domain_path(domain), batch, as_json)


def name_of(sender: Mapping[str, Any]) -> str:
    """Such as `Energie BV <facturen@energie.test>`."""
    addresses = sender["addresses"]
    named = (
        sender["name"] if not addresses or sender["name"] == addresses[0] else f"{sender['name']} <{addresses[0]}>"
    )
    return str(named)


def domain_path(domain: str) -> str:
    """Of its preferences, in the API."""
    from urllib.parse import quote

    return f"/domains/{quote(domain.strip().lower(), safe='')}/preferences"


def domain_body(
    kind: str | None,
    mandatory: bool | None,
    channel: str | None,
    notify: str | None,
    quiet: str | None,
    ladder: str | None,
    keep: str | None,
) -> dict[str, object]:
    """Of a change of a domain's preferences."""
    body = _given(kind, channel, notify, quiet, ladder, keep)
    return body | ({} if mandatory is None else {"mandatory": mandatory})


def _given(
    kind: str | None,
    channel: str | None,
    notify: str | None,
    quiet: str | None,
    ladder: str | None,
    keep: str | None,
) -> dict[str, object]:
    """The fields of a request that recipients and domains share."""
    wanted: dict[str, object] = {"type": kind, "channel": channel, "notify": notify, "quiet": quiet}
    if ladder is not None:
        wanted["ladder"] = "" if ladder == "none" else ladder
    if keep is not None:
        wanted["retention_days"] = _days(keep)
    return {name: value for name, value in wanted.items() if value is not None}


def _stored(field: str) -> str:
    return next((name for name, label in _LABELS.items() if label == field), field)


def _days(keep: str) -> int:
    if keep == "forever":
        return 0
    if not (keep.isascii() and keep.isdigit() and int(keep)):
        raise Refusal("usage", "--keep: a number of days, or `forever`", USAGE)
    return int(keep)


def _change(data: Any, path: str, body: Mapping[str, object], as_json: bool) -> None:
    from postex_tui.client import control

    with control(data) as api:
        made = api.patch(path, {**body, "road": "cli"})
    answer(as_json, made, _changed(made, path))


def _undo(data: Any, path: str, batch: str | None, as_json: bool) -> None:
    from postex_tui.client import control

    with control(data) as api:
        made = api.post(f"{path}/undo", {"batch": batch, "road": "cli"})
    answer(as_json, made, _changed(made, path))


def _history(data: Any, path: str, limit: int, as_json: bool) -> None:
    from itertools import islice

    from postex_tui.client import control

    with control(data) as api:
        found = list(islice(api.pages(f"{path}/history", limit=min(limit, 500)), limit))
    answer(as_json, {"changes": found}, "\n".join(map(_past, found)))


def _changed(made: Mapping[str, Any], path: str) -> str:
    if not made["changes"]:
        return "\n".join(made["notes"]) or "Nothing changed: it was so already."
    lines = [_difference(each) for each in made["changes"]]
    undo_line = []
    if made["undo_until"] is not None:
        of_whom = "preference undo" if path == OWN else f"domain preference undo {path.split('/')[2]}"
        undo_line = [f"Until {as_text(made['undo_until'])} UTC: postex {of_whom} {made['batch']}"]
    return "\n".join([*lines, *made["notes"], *undo_line])


def _difference(change: Mapping[str, Any]) -> str:
    """What became different, and no more; `nothing` where no choice stands there any more."""
    old = _said(change["old"], change["old_mandatory"])
    new = _said(change["new"], change["new_mandatory"])
    gained = ", ".join(each for each in new if each not in old) or "nothing"
    lost = ", ".join(each for each in old if each not in new) or "nothing"
    return f"{_level(change)}: {gained} (was: {lost})"


def _past(change: Mapping[str, Any]) -> str:
    undone = "  undone" if change["undone_at"] is not None else ""
    return (
        f"{as_text(change['changed_at'])}  {change['batch']}  {change['changed_by']} by {change['road']}"
        f"  {_difference(change)}{undone}"
    )


def _line(preference: Mapping[str, Any]) -> str:
    said = _said(preference["choice"], preference["mandatory"])
    return f"{_level(preference)}: {', '.join(said) or 'nothing'}"


def _level(at: Mapping[str, Any]) -> str:
    return f"{_name(at['sender'])}{', ' + at['type'] if at['type'] else ''}"


def _name(sender: Mapping[str, Any] | None) -> str:
    return "all senders" if sender is None else name_of(sender)


def _said(choice: Mapping[str, Any], mandatory: bool) -> list[str]:
    said = [f"{_LABELS.get(name, name)} {_value(name, choice)}" for name in _fields(choice)]
    return said + (["mandatory"] if mandatory else [])


def _fields(choice: Mapping[str, Any]) -> Sequence[str]:
    return [name for name in FIELDS if choice[name] is not None or (name == "folder" and choice["folder_set"])]


def _value(name: str, choice: Mapping[str, Any]) -> str:
    value = choice[name]
    match name:
        case "folder":
            return value or "(its owner's own)"
        case "receipts":
            return "yes" if value else "no"
        case "retention_days":
            return f"{value} days" if value else "forever"
    return str(value) or "none"
