"""`postex device`: passwords for mail clients and programs, each revocable on its own."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.moments import as_epoch, as_text
from postex_tui.options import AsJson, Code, Data, Email, Password
from storage.records import Scope

if TYPE_CHECKING:
    from postex_tui.client import Api

app = typer.Typer(help="Passwords for mail clients and programs.", no_args_is_help=True)
Scopes = Annotated[
    list[Scope] | None,
    typer.Option("--scope", help="What it may do; may be repeated. Default: imap, or smtp-send for a sender."),
]
Networks = Annotated[
    list[str] | None,
    typer.Option(
        "--network", help="It may sign in from this network alone (CIDR); may be repeated.", show_default=False
    ),
]
Expires = Annotated[
    str | None, typer.Option("--expires", help="Day or time at which it ends (UTC).", show_default=False)
]
Secret = Annotated[
    str | None,
    typer.Option(
        "--secret",
        envvar="POSTEX_ACCOUNT_SECRET",
        help="Without a login: device password or enrolment code that opens the account; `-` reads a line of"
        " standard input.",
        show_envvar=True,
        show_default=False,
    ),
]
STANDARD_INPUT = "-"
Chosen = Annotated[str, typer.Argument(help="Its label, or its number from `device list`.", show_default=False)]


@app.command("add")
def add(
    email: Email,
    label: Annotated[str, typer.Argument(help="Name by which its owner knows it, such as phone.")],
    data: Data,
    scope: Scopes = None,
    network: Networks = None,
    expires: Expires = None,
    secret: Secret = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Make a device password, shown this once. Only who can open the account can make one that reads."""
    from postex_tui import asking
    from postex_tui.client import control

    body: dict[str, object] = {"label": label, "scopes": sorted(scope) if scope else None}
    body |= {"networks": network or [], "expires_at": None if expires is None else as_epoch(expires)}
    if secret is not None and secret != STANDARD_INPUT:
        body["secret"] = secret
    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: _made(api, email, body, secret))
        card = "" if as_json else _card(api, _content(made))
    answer(as_json, {"email": made["username"], "device": _content(made)}, card)


def _made(api: "Api", email: str, body: dict[str, object], secret: str | None) -> Any:
    """With the secret once it turns out that one is needed: a login needs none, nor does a device that only sends."""
    try:
        return api.post(f"{_account(email)}/devices", body)
    except Refusal as refusal:
        if refusal.code != "secret-needed":
            raise
    return api.post(f"{_account(email)}/devices", {**body, "secret": _secret(secret)})


def _secret(given: str | None) -> str:
    """A line of standard input, or typed without being shown."""
    if given == STANDARD_INPUT:
        return sys.stdin.readline().strip()
    if not sys.stdin.isatty():
        remedy = "pass it in POSTEX_ACCOUNT_SECRET, or with --secret - on standard input"
        raise Refusal("secret-needed", f"a device that reads needs a secret that opens the account; {remedy}", USAGE)
    prompt = "A device password of this account with scope imap, or its enrolment code"
    return str(typer.prompt(prompt, hide_input=True, err=True)).strip()


@app.command("list")
def listing(email: Email, data: Data, as_json: AsJson = False) -> None:
    """List the devices of an account."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get(f"{_account(email)}/devices")
    lines = "\n".join(map(_line, found["devices"]))
    answer(as_json, {"email": found["email"], "devices": found["devices"]}, lines or "No devices.")


@app.command("change")
def change(
    email: Email,
    device: Chosen,
    data: Data,
    label: Annotated[str | None, typer.Option("--label", help="Its new name.", show_default=False)] = None,
    network: Networks = None,
    from_everywhere: Annotated[bool, typer.Option("--from-everywhere", help="Take all networks away.")] = False,
    expires: Expires = None,
    without_end: Annotated[bool, typer.Option("--without-end", help="Take its end away.")] = False,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Another name, other networks or another end. What is not named stays."""
    from postex_tui import asking
    from postex_tui.client import control

    body: dict[str, object] = {} if label is None else {"label": label}
    if network or from_everywhere:
        body["networks"] = network or []
    if expires is not None or without_end:
        body["expires_at"] = None if expires is None else as_epoch(expires)
    with control(data) as api:
        path = f"{_account(email)}/devices/{_chosen(api, email, device)['id']}"
        changed = asking.stepped_up(api, password, code, lambda: api.patch(path, body))
    answer(as_json, {"email": email, "device": changed}, _line(changed))


@app.command("revoke")
def revoke(email: Email, device: Chosen, data: Data, as_json: AsJson = False) -> None:
    """Make a device password worthless from now on; its live sessions end within a second."""
    from postex_tui.client import control

    with control(data) as api:
        chosen = _chosen(api, email, device)
        api.delete(f"{_account(email)}/devices/{chosen['id']}")
    label = chosen["label"] or f"device {chosen['id']}"
    answer(as_json, {"email": email, "device": {"id": chosen["id"], "label": chosen["label"]}}, f"Revoked {label}.")


@app.command("connection")
def connection(data: Data, as_json: AsJson = False) -> None:
    """Show how mail programs connect: host, ports, security, certificate."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/connection")
    ways = [f"{at['kind']}  {at['host']}  port {at['port']}  {at['security']}" for at in found["servers"]]
    mark = f"certificate, SHA-256{', self-signed' if found['certificate']['self_signed'] else ''}:"
    here = ["open to programs on this machine alone (setting host)"] if found["only_here"] else []
    answer(as_json, found, "\n".join([*ways, mark, f"  {found['certificate']['fingerprint']}", *here]))


@app.command("autoconfig")
def autoconfig(
    domain: Annotated[str, typer.Argument(help="Whose addresses it is for.", show_default=False)],
    data: Data,
    as_json: AsJson = False,
) -> None:
    """Print the file by which mail programs of a domain set themselves up (config-v1.1.xml)."""
    from postex_tui.client import control

    with control(data) as api:
        found = api.get("/connection/autoconfig", domain=domain)
    answer(as_json, found, found["xml"].rstrip())


def _chosen(api: "Api", email: str, device: str) -> Any:
    """The one device in use that is meant."""
    found = api.get(f"{_account(email)}/devices")["devices"]
    chosen = [each for each in found if each["revoked_at"] is None and device in (str(each["id"]), each["label"])]
    if len(chosen) != 1:
        problem = (
            "there is no such device" if not chosen else "there are several devices of that label; give the number"
        )
        raise Refusal("not-found", f"{problem} (see: postex device list {email})")
    return chosen[0]


def _account(reference: str) -> str:
    return f"/accounts/{quote(reference, safe='')}"


def _content(made: Mapping[str, Any]) -> dict[str, Any]:
    device = made["device"]
    shown = {name: device[name] for name in ("id", "label", "scopes", "networks", "expires_at")}
    return {**shown, "username": made["username"], "password": made["password"]}


def _card(api: "Api", device: Mapping[str, Any]) -> str:
    """What a person types into a mail program, or scans."""
    from functools import partial

    from bridge.i18n import text
    from postex_tui import device_card
    from postex_tui.terminal import qr

    connection = api.get("/connection")
    words = f"Shown this once.\n\n{device_card.words(partial(text, 'en'), connection, device)}"
    code = device_card.scanned(connection, device, device["username"])
    scan = "Thunderbird for Android and K-9 Mail scan it: add account, then import settings."
    return words if code is None else f"{words}\n\n{scan}\n\n{qr.drawn(code)}"


def _line(device: Mapping[str, Any]) -> str:
    state = "revoked" if device["revoked_at"] else "active"
    parts = [f"{device['id']:>6}  {device['label'] or '…':<24} {','.join(device['scopes']):<20} {state}"]
    if device["sessions"]:
        parts.append(f"{device['sessions']} signed in")
    if device["last_used_at"] is not None:
        where = [part for part in (device["last_client"], device["last_network"]) if part]
        parts.append(" ".join([f"last used {as_text(device['last_used_at'])[:10]}", *where]))
    if device["networks"]:
        parts.append(f"from {' '.join(device['networks'])}")
    if device["expires_at"] is not None:
        parts.append(f"until {as_text(device['expires_at'])}")
    return ", ".join(parts)
