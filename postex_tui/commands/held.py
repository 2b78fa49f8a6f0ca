"""`postex me held` and `postex me export`: what is held of oneself, and all of it as one file (S40, S44)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.moments import as_text
from postex_tui.options import AsJson, Code, Data, Password

MEGABYTE = 1_000_000
TAGS = {"provided": "Given by you", "observed": "Noted by the bridge", "sender-supplied": "Supplied by senders"}
Form = Annotated[str, typer.Option("--form", help="eml: a file per document; mbox: a file per folder; both.")]
Target = Annotated[Path, typer.Argument(help="A new zip file.", show_default=False)]


def held(
    data: Data,
    mail: Annotated[bool, typer.Option("--mail", help="Put the list into your mailbox instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is held about you, why, how long, who sees it, and where you change it."""
    from postex_tui.client import control

    with control(data) as api:
        if mail:
            sent = api.post("/me/held/mail")
            answer(as_json, sent, f"A message with {sent['items']} items is in your mailbox.")
            return
        found = api.get("/me/held")
    lines = [f"{TAGS[tag]}\n{_group(found['items'], tag)}" for tag in TAGS]
    answer(as_json, found, "\n\n".join(lines))


def export(
    data: Data,
    file: Target,
    form: Form = "eml",
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Write all that is held about you into a zip file: documents as they are, the rest as JSON."""
    from postex_tui import asking
    from postex_tui.client import control
    from postex_tui.files.written import writing
    from postex_tui.language import language

    if form not in ("eml", "mbox", "both"):
        raise Refusal("usage", f"{form}: no such form; there are eml, mbox, both", USAGE)
    with control(data) as api:
        if not api.is_online:
            raise Refusal("bridge-needed", "an export comes from the running bridge: postex serve")
        size = asking.stepped_up(api, password, code, lambda: api.get("/me/export"))
        asking.say(f"{size['documents']} documents, about {size['bytes'] / MEGABYTE:.1f} MB")
        with writing(file, language()) as target:
            api.download("/me/export", {"form": form}, target, lambda _: None)
    written = file.expanduser().stat().st_size
    told = {"file": str(file), "bytes": written, "documents": size["documents"]}
    answer(as_json, told, f"{file}: {written} bytes, readable by you alone.")


def _group(items: list[Mapping[str, Any]], tag: str) -> str:
    return "\n".join(_line(item) for item in items if item["tag"] == tag)


def _line(item: Mapping[str, Any]) -> str:
    value = ", ".join(item["values"]) if item["count"] is None else str(item["count"])
    newest = f", the newest of {as_text(item['newest'])}" if item["newest"] else ""
    head = f"  {item['title']}: {value or '-'}{newest}"
    return f"{head}\n    {item['purpose']} Kept: {item['retention']}. Seen by: {item['seen_by']}. {item['reason']}"
