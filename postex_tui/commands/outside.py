"""`postex me notice-url …`, `me contact …`, `me transcript`: where notices go, and what became of one's documents."""

from typing import Annotated, Any

import typer

from postex_tui.answers import USAGE, Refusal, absent, answer
from postex_tui.options import AsJson, Code, Data, Password

notice_url = typer.Typer(
    help="Where notices go besides e-mail: ntfy, Matrix, Signal and others.", no_args_is_help=True
)
contact = typer.Typer(help="Prove your contact address, so that notices can go there.", no_args_is_help=True)
_PATH = "/me/notice-url"
_NONE = "You have no notice URL. Give one: postex me notice-url set"
_VERIFICATION = "/me/contact/verification"

Url = Annotated[str | None, typer.Argument(help="Such as ntfys://ntfy.sh/my-topic; `-` reads a line.")]
ContactCode = Annotated[str | None, typer.Argument(help="The eight digits; without it you are asked.")]


@notice_url.command("set")
def set_url(
    data: Data, url: Url = None, password: Password = None, code: Code = None, as_json: AsJson = False
) -> None:
    """Set the URL, as Apprise writes it. It may hold a password: it is kept sealed, and never shown again."""
    from postex_tui import asking
    from postex_tui.client import control

    wanted = asking.given(url, "The URL", "as an argument, or with - on standard input")
    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.put(_PATH, {"url": wanted}))
    answer(as_json, made, f"Notices go there from now on ({made['service']}). Try it: postex me notice-url test")


@notice_url.command("show")
def show_url(data: Data, as_json: AsJson = False) -> None:
    """Show which service notices go to."""
    from postex_tui.client import control
    from postex_tui.moments import as_text

    with control(data) as api, absent(_NONE):
        found = api.get(_PATH)
    words = f"{found['service']} since {as_text(found['changed_at'])}"
    if found["paused_at"] is not None:
        words += f"; not used since {as_text(found['paused_at'])}, as notices failed: postex me notice-url test"
    answer(as_json, found, words)


@notice_url.command("test")
def try_url(data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Send a notice there that tells of nothing."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api, absent(_NONE):
        asking.stepped_up(api, password, code, lambda: api.post(f"{_PATH}/test"))
    answer(as_json, {"sent": True}, "The service took it. Look whether it came.")


@notice_url.command("remove")
def remove_url(data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Forget the URL."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api, absent(_NONE):
        asking.stepped_up(api, password, code, lambda: api.delete(_PATH))
    answer(as_json, {"removed": True}, "Notices go there no more.")


@contact.command("verify")
def verify(data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Have a code sent to your contact address."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.post(_VERIFICATION))
    words = "A code of eight digits is on its way to your contact address. Then: postex me contact confirm"
    answer(as_json, made, words)


@contact.command("confirm")
def confirm(
    data: Data,
    contact_code: ContactCode = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Give the code that came to your contact address."""
    from postex_tui import asking
    from postex_tui.client import control

    remedy = "as an argument, or with - on standard input"
    digits = asking.given(contact_code, "The code that came by e-mail", remedy)
    with control(data) as api:
        body = {"code": digits}
        made = asking.stepped_up(api, password, code, lambda: api.post(f"{_VERIFICATION}/confirm", body))
    answer(as_json, made, "Your contact address is confirmed: notices and documents can go there if you choose so.")


def notices(
    data: Data,
    name_senders: Annotated[
        bool | None,
        typer.Option(
            "--name-senders/--no-name-senders", help="Whether they name the sender's domain (normally not)."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What notices that leave the post office may say. When they go: postex preference set any --notify at-once."""
    from postex_tui.client import control

    if name_senders is None:
        raise Refusal("usage", "say --name-senders or --no-name-senders", USAGE)
    with control(data) as api:
        made = api.put("/me/notice-sender", {"named": name_senders, "road": "cli"})
    words = "name the domain of the sender" if name_senders else "say what kind of document came, not from whom"
    answer(as_json, made, f"Notices {words} from now on.")


def transcript(
    data: Data,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most lines.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what was done for your documents: notices, hand-offs, reminders. Kept for 90 days or longer."""
    from itertools import islice

    from postex_tui.client import control

    with control(data) as api:
        found = list(islice(api.pages("/me/transcript", limit=min(limit, 500)), limit))
    answer(as_json, {"transcript": found}, "\n".join(map(_line, found)))


def _line(event: dict[str, Any]) -> str:
    from postex_tui.moments import as_text

    parts = (as_text(event["at"]), f"{event['kind']:<20}", event["detail"] or event["channel"], event["document"])
    return "  ".join(part for part in parts if part)
