"""`postex erase`: an account, a document, a field; what became of it, and its receipt."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Code, Data, Password

if TYPE_CHECKING:
    from postex_tui.client import Api

app = typer.Typer(help="Erase for good, with a receipt.", no_args_is_help=True)
Account = Annotated[str, typer.Argument(help="Address or id of the account; `me`: your own.", show_default=False)]
_BACKUPS = {
    "documents": "After this day no backup has a key to the documents",
    "records": "After this day no backup has addresses, names and settings",
}


@app.command("account")
def account(
    account: Account,
    data: Data,
    now: Annotated[bool, typer.Option("--now", help="At once, without the trash window: `me` only.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Close an account, and erase it when the trash window is over."""
    if now and not yes:
        _make_sure()
    path = f"/accounts/{quote(account, safe='')}/erasure"
    found = _stepped_up(data, password, code, lambda api: api.post(path, {"now": now}))
    answer(as_json, found, words(found))


@app.command("document")
def document(
    data: Data,
    document: Annotated[str | None, typer.Argument(help="Id of the document.", show_default=False)] = None,
    mailbox: Annotated[str | None, typer.Option(help="Or the folder it is in …", show_default=False)] = None,
    uid: Annotated[int | None, typer.Option(help="… and its UID there.", min=1, show_default=False)] = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Erase one of your documents, out of all your folders, at once. Other recipients keep theirs."""
    if (document is None) == (mailbox is None) or (mailbox is None) != (uid is None):
        raise Refusal("usage", "give the id of a document, or --mailbox and --uid", USAGE)
    path = "/me/messages/erasure" if document is None else f"/me/documents/{quote(document, safe='')}/erasure"
    body = {"mailbox": mailbox, "uid": uid} if document is None else {}
    found = _stepped_up(data, password, code, lambda api: api.post(path, body))
    answer(as_json, found, words(found))


@app.command("field")
def field(
    data: Data,
    field: Annotated[
        Literal["phone", "contact-email", "legal-name", "postal-address", "client-notes"],
        typer.Argument(show_default=False),
    ],
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Have one of your details forgotten, at once."""
    path = f"/me/fields/{quote(field, safe='')}/erasure"
    found = _stepped_up(data, password, code, lambda api: api.post(path))
    answer(as_json, found, words(found))


@app.command("list")
def listing(
    data: Data,
    limit: Annotated[int, typer.Option(min=1, help="Most erasures.")] = 50,
    account: Annotated[str | None, typer.Option(help="Of this one alone.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """List erasures, newest first: yours, and those of the domains that you administer."""
    from itertools import islice

    from postex_tui.client import control

    with control(data) as api:
        listed = (
            api.pages("/erasures", limit=min(limit, 500))
            if account is None
            else api.get(f"/accounts/{quote(account, safe='')}/erasures")
        )
        found = list(islice(listed, limit))
    lines = (
        f"{each['id']}  {as_text(each['requested_at'])}  {each['state']:<9}  {each['kind']:<8}"
        f"  {each['account']}  {each['target'] or ''}".rstrip()
        for each in found
    )
    answer(as_json, {"erasures": found}, "\n".join(lines) or "No erasures.")


@app.command("show")
def show(
    erasure: Annotated[str, typer.Argument(help="Id of the erasure.", show_default=False)],
    data: Data,
    as_json: AsJson = False,
) -> None:
    """Show what is left of it, or the receipt."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(f"/erasures/{quote(erasure, safe='')}")
    answer(as_json, found, words(found))


@app.command("cancel")
def cancel(
    account: Account, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False
) -> None:
    """Within the trash window: open the account again as it was."""
    path = f"/accounts/{quote(account, safe='')}/erasure"
    found = _stepped_up(data, password, code, lambda api: api.delete(path))
    answer(as_json, found, words(found))


def words(found: Mapping[str, Any]) -> str:
    """Of one erasure, for people."""
    head = f"erasure {found['id']} of {found['kind']} {found['target'] or found['account']}"
    if found["state"] == "requested":
        return f"{head}\nThe account is closed. It can be had back until {as_text(found['due_at'])}." + _blocked(
            found
        )
    if found["state"] == "begun":
        left = [f"  {each['place']:<32} {each['left']}" for each in found["places"] or () if each["left"]]
        return "\n".join((f"{head}\nUnder way; nobody can open it any more. Left now:", *left))
    if found["receipt"] is None:
        return f"{head}\n{found['state']}"
    return f"{head}\n" + _receipt(found["receipt"])


def _blocked(found: Mapping[str, Any]) -> str:
    if found["blocked"] is None:
        return ""
    return f"\nA hold keeps it until {as_text(found['blocked']['ends_at'])} ({found['blocked']['basis']})."


def _receipt(receipt: Mapping[str, Any]) -> str:
    content = receipt["content"]
    lines = [f"Done {as_text(content['done_at'])}. Counted in every live place, and left there:"]
    lines += [f"  {each['place']:<32} {each['left']}" for each in content["places"]]
    if content["kept"]:
        lines.append("What stays, without name or address:")
        lines += [f"  {each['place']:<32} {each['what']}" for each in content["kept"]]
    lines += [f"{_BACKUPS[what]}: {as_text(at)}" for what, at in content["backups"].items()]
    return "\n".join(
        (*lines, f"signature   {receipt['signature']}", f"public key  {receipt['public_key']} (Ed25519)")
    )


def _stepped_up(data: Any, password: str | None, code: str | None, call: "Callable[[Api], Any]") -> Any:
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        return asking.stepped_up(api, password, code, lambda: call(api))


def _make_sure() -> None:
    from postex_tui import asking

    if not asking.is_interactive():
        raise Refusal("not-sure", "this cannot be undone; add --yes if you mean it", USAGE)
    question = "All your documents and keys go, for good. Nobody can bring them back. Go on?"
    if not typer.confirm(question, err=True):
        raise Refusal("interrupted", "nothing was erased")
