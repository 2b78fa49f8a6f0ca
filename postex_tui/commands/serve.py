"""`postex serve`: the bridge, until SIGTERM or Ctrl-C."""

from typing import Annotated

import typer

from postex_tui.options import Data

ReadyJson = Annotated[
    bool, typer.Option("--ready-json", help="Print one line of JSON with the listeners once all accept.")
]


def serve(data: Data, ready_json: ReadyJson = False) -> None:
    """Run the bridge; SIGTERM or Ctrl-C lets transactions finish, then ends it."""
    import asyncio
    import json

    from bridge import daemon, logs
    from postex_tui.answers import Refusal
    from postex_tui.data_folder import open_locked, settings_of

    settings = settings_of(data)
    logs.configure(settings.log.level)
    store = open_locked(data, settings)

    def ready(listeners: daemon.Listeners) -> None:
        places = {name: {"host": at.host, "port": at.port} for name, at in listeners.items()}
        words = "\n".join(f"{name:<11} {at.host}:{at.port}" for name, at in listeners.items())
        typer.echo(json.dumps({"listeners": places}) if ready_json else f"Accepting:\n{words}")

    try:
        asyncio.run(daemon.run(data, settings, store, ready))
    except daemon.StartRefused as error:
        raise Refusal("start", str(error)) from None
    except daemon.StorageFailed as error:
        raise Refusal("storage-failed", str(error)) from None
    finally:
        store.close()
