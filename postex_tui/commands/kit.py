"""`postex kit new`: a new recovery kit, when the old one was lost or seen by others."""

import typer

from postex_tui.answers import answer
from postex_tui.options import AsJson, Data

app = typer.Typer(no_args_is_help=True, help="The recovery kit, which opens backups when all else is lost.")


@app.callback()
def _group() -> None:
    """Keeps `new` a word of its own."""


@app.command("new")
def new(data: Data, as_json: AsJson = False) -> None:
    """Make a new kit, while the bridge is down. Backups that are there stay with the old one."""
    from bridge import logs
    from postex_tui.data_folder import master_key, now, open_locked, settings_of
    from storage.backups import kits

    settings = settings_of(data)
    logs.configure("warning")
    with open_locked(data, settings) as store:
        kit, waiting = kits.renew(store, master_key(data, settings), "operator", now())
    content = {"recovery_kit": kit.text, "escrow_keys_waiting": waiting}
    answer(as_json, content, "" if as_json else _words(kit.text, waiting))


def _words(kit: str, waiting: int) -> str:
    from postex_tui.terminal import qr

    lines = [
        "NEW RECOVERY KIT: shown this once. Print it and keep it away from this machine.",
        f"\n{qr.of_kit(kit)}\n  {kit}\n",
        "It opens backups made from now on; make one now. The old kit still opens the older ones: keep it until they"
        " are gone, unless others have seen it; then delete those backups.",
    ]
    if waiting:
        lines.append(
            f"Not in the new kit yet are escrow keys, of domains: {waiting}. Each is, once an admin who holds it"
            " hands it on to an admin of the domain (or to the same one again)."
        )
    return "\n".join(lines)
