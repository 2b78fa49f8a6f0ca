"""`postex domain escrow` and `postex escrow recover`: who holds a managed domain's spare key."""

from typing import Annotated, Any

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.options import AsJson, Code, Data, Email, Password

of_domain = typer.Typer(help="Who holds the spare key of a managed domain.", no_args_is_help=True)
app = typer.Typer(help="The way back when nobody holds a domain's spare key any more.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Domain, such as example.org.", show_default=False)]


@app.callback()
def _group() -> None:
    """Keeps `recover` a word of its own."""


@of_domain.command("show")
def show(domain: Name, data: Data, as_json: AsJson = False) -> None:
    """Show the holders, and the fingerprint of the key."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(f"/domains/{domain}/escrow-holders")
    answer(as_json, found, _words(found))


@of_domain.command("hand-on")
def hand_on(
    domain: Name, email: Email, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False
) -> None:
    """Give the key, which you hold, to another admin of the domain."""
    from postex_tui import asking
    from postex_tui.client import control

    path, body = f"/domains/{domain}/escrow-holders", {"account": email}
    with control(data) as api:
        found = asking.stepped_up(api, password, code, lambda: api.post(path, body))
    answer(as_json, found, _words(found))


@of_domain.command("renew")
def renew(domain: Name, data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Make a new key for those who hold it now, when one who is gone may have kept the old."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        call = f"/domains/{domain}/escrow-key"
        found = asking.stepped_up(api, password, code, lambda: api.post(call))
    words = f"{found['moved']} accounts are under the new key."
    if found["left"]:
        words += f" {found['left']} were altered and stay under the old one: nobody opens them."
    answer(as_json, found, f"{words}\n{_words(found)}")


@app.command("recover")
def recover(
    domain: Name,
    email: Email,
    data: Data,
    kit: Annotated[
        str | None,
        typer.Option(
            "--kit", help="`-`: read the recovery kit from standard input; else it is asked for.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a domain's spare key to one of its admins from the recovery kit, while the bridge is down."""
    from postex_tui import asking
    from postex_tui.data_folder import account_of, now, opened
    from storage.access import escrow
    from storage.errors import Invalid, NotFound, Tampered
    from storage.keys.recovery import RecoveryKit
    from storage.people import domains

    if kit not in (None, "-"):  # others on the machine can see a command line
        raise Refusal("usage", "--kit takes only - (standard input); without it the kit is asked for", USAGE)
    given = RecoveryKit.parse(asking.given(kit, "The recovery kit", "with --kit - on standard input"))
    with opened(data) as store:
        to = account_of(store, email)
        try:
            place = store.read_now(domains.by_name, domain)
            store.write_now(escrow.recover, place.id, given, to, now(), "operator")
        except NotFound:
            raise Refusal("not-found", f"{domain} is no managed domain of this bridge") from None
        except Invalid:
            words = f"{email} is no admin of {domain}; give the role first: postex role grant {email} domain-admin"
            raise Refusal("not-an-admin", f"{words} --domain {domain}") from None
        except Tampered:
            words = "the key was not sealed to this recovery kit, or was altered; is it an older or a newer kit?"
            raise Refusal("wrong-kit", words) from None
    content = {"domain": domain, "account": to.email}
    answer(as_json, content, f"{to.email} holds the spare key of {domain} now.")


def _words(found: Any) -> str:
    if found["fingerprint"] is None:
        return f"No spare key: the domain is {found['mode']}."
    lines = [f"fingerprint  {found['fingerprint']}"]
    for each in found["holders"]:
        custodian = "  (only hands it on)" if each["custodian"] else ""
        lines.append(f"  {each['email'] or each['account']}{custodian}")
    if not found["holders"]:
        lines.append("  nobody: get it back with the recovery kit: postex escrow recover")
    return "\n".join(lines)
