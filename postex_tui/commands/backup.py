"""`postex backup`: make, list and verify backups. Through the running bridge, or alone while it is down."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.options import AsJson, Code, Data, Password

if TYPE_CHECKING:
    from typer import Context

    from postex_tui.client import Api

_NOBODY = frozenset({"sign-in-needed", "session-ended"})
HOURS = 24 * 3600.0
"""A first backup of a large bridge takes its time."""
OptionalKeyring = Annotated[
    Path | None,
    typer.Option("--keyring", help="Folder for keyring.db, apart from the backups.", show_default=False),
]


class _MakeUnlessNamed(TyperGroup):
    """`postex backup /mnt/backups` is `postex backup make /mnt/backups`."""

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_MakeUnlessNamed, no_args_is_help=True, help="Back up to a folder; list and verify backups.")


@app.command("make")
def make(
    destination: Annotated[Path, typer.Argument(help="Folder for backups; made if only itself is missing.")],
    data: Data,
    keyring: OptionalKeyring = None,
    as_json: AsJson = False,
) -> None:
    """Back up now, while the bridge goes on. `make` may be left out."""
    from postex_tui.client import control

    places = {"destination": str(destination.absolute())}
    if keyring is not None:
        places["keyring_destination"] = str(keyring.absolute())
    with control(data) as api:
        made = _made(api, data, places)
    answer(as_json, made, _words(made))


@app.command("list")
def listing(data: Data, as_json: AsJson = False) -> None:
    """Backups in the folders of earlier runs, oldest first."""
    from postex_tui.client import control

    with control(data) as api:
        content = api.get("/backups")
    lines = [_line(item) for item in content["items"]] or ["There are no backups yet, or their folders are away."]
    answer(as_json, content, "\n".join(lines))


@app.command("drill")
def drill(
    data: Data,
    backup: Annotated[
        str, typer.Argument(help="Id of a backup, from `backup list`; the newest if left out.", show_default=False)
    ] = "",
    kit: Annotated[
        str | None,
        typer.Option("--kit", help="`-` reads the recovery kit from standard input; `ask` asks for it."),
    ] = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup beside the bridge, see whether all of it holds, and remove it again."""
    from postex_tui import asking
    from postex_tui.client import control

    body = {"backup": backup or None, "kit": _kit(kit)}
    with control(data) as api:
        call = partial(api.post, "/backups/drill", body, seconds=HOURS)
        done = asking.stepped_up(api, password, code, call)
    answer(as_json, done, _drilled(done))


@app.command("verify")
def verify(
    backup: Annotated[Path, typer.Argument(help="A backup, or the folder it was made in: then its newest.")],
    data: Data,
    keyring: OptionalKeyring = None,
    as_json: AsJson = False,
) -> None:
    """Read a backup whole, check every hash, and open its canary document with the master key."""
    from postex_tui.commands.backup_refusals import refused
    from postex_tui.data_folder import master_key, require, settings_of
    from storage.backups import verification
    from storage.database import KEYRING_NAME

    require(data)
    keys = master_key(data, settings_of(data)).derive()
    with refused():
        found = verification.verify(backup.absolute(), keys, keyring or data / KEYRING_NAME)
    manifest = found.manifest
    content = {
        "id": manifest.id,
        "folder": str(found.folder),
        "made_at": manifest.made_at,
        "accounts": manifest.accounts,
        "documents": manifest.documents,
        "copies": manifest.copies,
        "bodies": manifest.bodies,
        "unreadable_bodies": len(manifest.missing_bodies),
        "canary": found.canary,
        "audit_head": dict(manifest.audit_head),
    }
    words = (
        f"{found.folder} is whole: {manifest.documents} documents of {manifest.accounts} accounts, "
        f"{manifest.bodies} body files, all as they were; the audit log holds; "
        + ("the canary document opens." if found.canary else "it has no canary document.")
    )
    answer(as_json, content, words)


def _made(api: "Api", data: Path, places: dict[str, str]) -> Any:
    """As who is signed in; a timer is nobody, or its session ended long ago: then with the master key."""
    from postex_tui import asking

    try:
        return asking.stepped_up(api, None, None, lambda: api.post("/backups", places, seconds=HOURS))
    except Refusal as refusal:
        order = _signed(data, places) if refusal.code in _NOBODY else None
        if order is None:
            raise
    return api.post("/backups/by-key", order, seconds=HOURS)


def _signed(data: Path, places: dict[str, str]) -> dict[str, object] | None:
    """For timers: an order signed with the master key. None if this user cannot read it."""
    from postex_tui.data_folder import master_key, now, settings_of
    from storage.backups import orders
    from storage.errors import StorageError

    try:
        keys = master_key(data, settings_of(data)).derive()
    except StorageError:
        return None
    at = now()
    signature = orders.sign(keys, places["destination"], places.get("keyring_destination"), at)
    return {**places, "at": at, "signature": signature}


def _kit(given: str | None) -> str | None:
    """Never from the command line itself, which others on the machine can see."""
    from postex_tui import asking

    if given not in (None, "-", "ask"):
        raise Refusal("usage", "--kit takes - (standard input) or ask", USAGE)
    remedy = "with --kit - on standard input"
    return None if given is None else asking.given("-" if given == "-" else None, "The recovery kit", remedy)


def _drilled(done: dict[str, Any]) -> str:
    opened = "by the recovery kit" if done["with_kit"] else "by the bridge's own keys (--kit: by the recovery kit)"
    return (
        f"Backup {done['backup']} was restored {opened} and holds: {done['documents']} documents of"
        f" {done['accounts']} accounts, {done['bodies']} body files, the audit log; "
        + ("the canary document opens." if done["canary"] else "it has no canary document.")
        + f" It took {done['seconds']} s; the copy is gone."
    )


def _words(made: dict[str, Any]) -> str:
    lines = [
        f"Backup {made['folder']} is whole: {made['documents']} documents of {made['accounts']} accounts,"
        f" {made['bodies']} body files ({made['copied_bodies']} of them new)."
    ]
    if made["unreadable_bodies"]:
        lines.append(f"{made['unreadable_bodies']} body files could not be read and are NOT in it: look at the disk.")
    if made["keyring_folder"]:
        lines.append(f"Keyring: {made['keyring_folder']}.")
    else:
        lines.append("keyring.db is NOT in it, and without it nothing opens: give --keyring and a folder apart.")
    if made["expired"]:
        lines.append(f"{made['expired']} old backups were deleted.")
    return "\n".join(lines)


def _line(item: dict[str, Any]) -> str:
    from datetime import UTC, datetime

    when = datetime.fromtimestamp(item["made_at"], UTC).strftime("%Y-%m-%d %H:%M UTC")
    state = "ALTERED" if item["altered"] else "whole" if item["whole"] else "INCOMPLETE"
    drill = item["drill"]
    drilled = "" if drill is None else "  drill FAILED" if drill["problem"] else "  drilled"
    return f"{when}  {item['kind']:<7}  {state}  {item['folder']}{drilled}"
