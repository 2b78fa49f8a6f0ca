"""`postex device`: passwords for mail clients and programs, each revocable on its own."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.options import AsJson, Data, Email
from storage.records import Scope

if TYPE_CHECKING:
    from sqlmodel import Session

    from storage.keys.keyring import AccountKeys
    from storage.keys.master import ServerKeys
    from storage.records import Account, DeviceCredentials
    from storage.shredding import ShredSecrets

app = typer.Typer(help="Passwords for mail clients and programs.", no_args_is_help=True)
Scopes = Annotated[
    list[Scope] | None,
    typer.Option("--scope", help="What it may do; may be repeated. Default: imap, or smtp-send for a sender."),
]
Secret = Annotated[
    str | None,
    typer.Option(
        "--secret",
        envvar="POSTEX_ACCOUNT_SECRET",
        help="Device password or enrolment code that opens the account; `-` reads a line of standard input.",
        show_envvar=True,
        show_default=False,
    ),
]
READING = frozenset({Scope.IMAP, Scope.IMAP_READ})
"""Scopes that need the account's key."""


@app.command("add")
def add(
    email: Email,
    label: Annotated[str, typer.Argument(help="Name by which its owner knows it, such as phone.")],
    data: Data,
    scope: Scopes = None,
    secret: Secret = None,
    as_json: AsJson = False,
) -> None:
    """Make a device password, shown this once. One that reads needs a secret that opens the account already."""
    from postex_tui.data_folder import account_of, now, opened
    from postex_tui.new_account import SCOPES, device_content, device_words

    with opened(data) as store:
        account = account_of(store, email)
        scopes = frozenset(scope) if scope else SCOPES[account.role]
        given = _secret(secret) if scopes & READING else None
        made = store.write_now(_make, store.server_keys, store.shred, account, given, label, scopes, now())
    answer(as_json, {"email": account.email, "device": device_content(made)}, device_words(made))


def _make(
    session: "Session",
    server_keys: "ServerKeys",
    shred: "ShredSecrets",
    account: "Account",
    secret: str | None,
    label: str,
    scopes: frozenset[Scope],
    moment: int,
) -> "DeviceCredentials":
    """In one write: an enrolment code is used up only if the device was made with it."""
    from storage import devices

    keys = None if secret is None else _keys(session, server_keys, shred, account, secret, moment)
    return devices.add(session, server_keys, shred, account, keys, label, scopes, moment)


def _keys(
    session: "Session",
    server_keys: "ServerKeys",
    shred: "ShredSecrets",
    account: "Account",
    secret: str,
    moment: int,
) -> "AccountKeys":
    """The account's keys, opened by what its owner holds: nobody else can make a device that reads."""
    from storage import devices, enrolment
    from storage.errors import SignInRefused

    opener = (session, server_keys, shred, account.email, secret)
    try:
        if not secret.startswith(devices.PREFIX):
            return enrolment.enrol(*opener, moment)[1]
        keys = devices.sign_in(*opener, Scope.IMAP, moment).keys
    except SignInRefused:
        keys = None
    if keys is None:
        raise Refusal("sign-in-refused", f"the secret does not open {account.email}")
    return keys


def _secret(given: str | None) -> str:
    """As an option or variable, a line of standard input, or typed without being shown."""
    if given == "-":
        return sys.stdin.readline().strip()
    if given:
        return given.strip()
    if not sys.stdin.isatty():
        remedy = "pass it in POSTEX_ACCOUNT_SECRET, or with --secret - on standard input"
        raise Refusal("secret-needed", f"a device that reads needs a secret that opens the account; {remedy}", USAGE)
    prompt = "A device password of this account with scope imap, or its enrolment code"
    return str(typer.prompt(prompt, hide_input=True, err=True)).strip()


@app.command("list")
def listing(email: Email, data: Data, as_json: AsJson = False) -> None:
    """List the devices of an account."""
    from postex_tui.data_folder import account_of, opened
    from storage import devices

    with opened(data) as store:
        found = store.read_now(devices.listing, account_of(store, email).id)
    rows = [
        {
            "id": device.id,
            "label": device.label,
            "scopes": sorted(device.scopes),
            "created_at": device.created_at,
            "last_used_at": device.last_used_at,
            "revoked_at": device.revoked_at,
        }
        for device in found
    ]
    lines = (
        f"{device.id:>6}  {device.label:<24} {','.join(sorted(device.scopes)):<20} "
        f"{'revoked' if device.revoked_at else 'active'}"
        for device in found
    )
    answer(as_json, {"email": email, "devices": rows}, "\n".join(lines))


@app.command("revoke")
def revoke(
    email: Email,
    device: Annotated[str, typer.Argument(help="Its label, or its number from `device list`.")],
    data: Data,
    as_json: AsJson = False,
) -> None:
    """Make a device password worthless from now on."""
    from postex_tui.data_folder import account_of, now, opened
    from storage import devices

    with opened(data) as store:
        account = account_of(store, email)
        active = [each for each in store.read_now(devices.listing, account.id) if each.revoked_at is None]
        chosen = [each for each in active if device in (str(each.id), each.label)]
        if len(chosen) != 1:
            problem = "has no such device" if not chosen else "has several devices of that label; give the number"
            raise Refusal("not-found", f"{account.email} {problem} (see: postex device list {account.email})")
        store.write_now(devices.revoke, account.id, chosen[0].id, now())
    label = chosen[0].label
    answer(as_json, {"email": account.email, "device": {"id": chosen[0].id, "label": label}}, f"Revoked {label}.")
