"""`postex init`: a data folder with its keys, certificate, settings, domain and owner account."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.i18n import N_, text
from postex_tui.answers import FAILED, USAGE, Refusal, answer
from postex_tui.language import language
from postex_tui.options import AsJson, Data
from storage.records import DomainMode

if TYPE_CHECKING:
    from sqlmodel import Session

    from bridge.newcomers import NewAccount
    from bridge.settings import Settings
    from storage.keys.master import ServerKeys
    from storage.people.accounts import AccountDraft
    from storage.records import EnrolmentCode
    from storage.shredding import ShredSecrets

Owner = Annotated[
    str | None, typer.Option("--owner", help="Address of the owner account.", show_default="postmaster@DOMAIN")
]
NOT_EMPTY = N_("{folder} is not empty, and nothing there is ever overwritten. Name a new folder.")
OUTSIDE = N_(
    "Documents are kept in the EEA, Switzerland and the United Kingdom only, and {country} is not there. Name the"
    " country where the data folder lies; what is allowed is the setting residency.countries."
)
NO_COUNTRY = N_("Type the country as two letters, such as NL.")
NO_DOMAIN = N_("Type a domain such as example.org: letters, digits and hyphens, with a dot.")
NO_SERVER = N_("Type the server's name as mail programs find it, such as post.example.org.")
NO_OWNER = N_("Type the owner's whole address; it ends in @{domain}.")
NO_FOLDER = N_("{folder} cannot be written: {reason}. Name a folder that you may write.")
Country = Annotated[str, typer.Option(help="Where documents are kept: two letters, such as NL (ISO 3166-1).")]


def init(
    data: Data,
    domain: Annotated[str, typer.Option(help="The first domain, such as example.org.")],
    country: Country,
    owner: Owner = None,
    mode: Annotated[DomainMode, typer.Option(help="Whether the domain can reset accounts.")] = DomainMode.MANAGED,
    hostname: Annotated[
        str | None, typer.Option(help="Name by which mail programs find this server.", show_default="DOMAIN")
    ] = None,
    is_open: Annotated[bool, typer.Option("--open", help="Let programs on other machines connect.")] = False,
    high_ports: Annotated[
        bool, typer.Option("--high-ports", help="Ports above 1024 (10993, 10465, …), for users without rights.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a data folder; its recovery kit is shown this once."""
    from bridge import tls
    from bridge.settings import template
    from postex_tui.data_folder import settings_of

    _require_empty(data)
    name, server = _domain(domain), _host(hostname or domain, NO_SERVER)
    written = template(server, is_open=is_open, high_ports=high_ports)
    first = FirstDomain(name, _country(country), mode, written)
    _require_europe(settings_of(data), first)
    try:
        kit = _make(data, first)
        address, code = _make_owner(data, first, owner or f"postmaster@{first.name}", kit)
        _prepare_backups(data, kit)
    except OSError as error:
        _empty(data)
        raise _refusal("no-folder", NO_FOLDER, folder=error.filename or data, reason=error.strerror) from None
    except BaseException:
        _empty(data)
        raise
    mark, signer = tls.fingerprint(data / settings_of(data).tls.certificate_file), _signing_key(data)
    content = {
        "data": str(data),
        "domain": first.name,
        "country": first.country,
        "recovery_kit": kit,
        "signing_key": signer,
        "tls_fingerprint": mark,
        "owner": {"account": address, "enrolment_code": code.code, "expires_at": code.expires_at},
    }
    answer(as_json, content, "" if as_json else _words(data, kit, signer, mark, address, code.code))


@dataclass(frozen=True, slots=True)
class FirstDomain:
    """What the command line said of it, checked."""

    name: str
    country: str
    mode: DomainMode
    settings: str
    """What postex.toml is to say."""


def _require_empty(data: Path) -> None:
    """Nothing that lies there is ever overwritten."""
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise _refusal("data-exists", NOT_EMPTY, folder=data)


def _require_europe(settings: "Settings", first: FirstDomain) -> None:
    from bridge.routing import residency

    if residency.refusal_of(settings, first.name, first.country) is not None:
        raise _refusal("outside-europe", OUTSIDE, USAGE, country=first.country)


def _refusal(code: str, message: str, status: int = FAILED, **values: object) -> Refusal:
    """`message`, marked with N_, in the language of the terminal; the app's first run shows it too."""
    return Refusal(code, text(language(), message, **values), status)


def _domain(typed: str) -> str:
    name = _host(typed, NO_DOMAIN)
    if "." not in name:
        raise _refusal("invalid", NO_DOMAIN, USAGE)
    return name


def _host(typed: str, told: str) -> str:
    from bridge.setting_values import host_name

    try:
        return host_name(typed)
    except ValueError:
        raise _refusal("invalid", told, USAGE) from None


def _country(typed: str) -> str:
    if len(typed) != 2 or not (typed.isascii() and typed.isalpha()):
        raise _refusal("invalid", NO_COUNTRY, USAGE)
    return typed.upper()


def _make(data: Path, first: FirstDomain) -> str:
    """Settings, master key, its copy for the recovery kit, certificate, database; returns the kit's text."""
    from bridge import settings
    from postex_tui.data_folder import settings_of
    from storage.database import Store
    from storage.engine.durable import write_new
    from storage.keys.master import MasterKey
    from storage.keys.recovery import RecoveryKit, seal_master

    for folder in (data, data / "recovery"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_new(data / settings.FILE, first.settings.encode(), 0o600)
    chosen = settings_of(data)
    kit, master = RecoveryKit.generate(), MasterKey.generate()
    master.save(data / chosen.storage.master_key_file)
    write_new(data / "recovery" / "master.sealed", seal_master(kit.public_key, master), 0o600)
    _make_certificate(data, chosen)
    Store.create(data, master)
    return kit.text


def _make_certificate(data: Path, settings: "Settings") -> None:
    """Self-signed, unless the settings name one that is there."""
    from bridge import tls
    from postex_tui.data_folder import now

    files = (data / settings.tls.certificate_file, data / settings.tls.key_file)
    if not all(file.exists() for file in files):
        tls.create_self_signed(*files, settings.hostname, now())


def _make_owner(data: Path, first: FirstDomain, address: str, kit: str) -> "tuple[str, EnrolmentCode]":
    """The first domain with its escrow key, its owner account and the code that lets the owner in."""
    from postex_tui.data_folder import now, opened
    from storage.people.accounts import AccountDraft
    from storage.records import AccountState, Role

    local, _, domain = address.lower().rpartition("@")
    if domain != first.name:
        raise _refusal("not-found", NO_OWNER, USAGE, domain=first.name)
    draft = AccountDraft(address, local, Role.OWNER, state=AccountState.INVITED)
    with opened(data) as store:
        made = store.write_now(_found, store.server_keys, store.shred, first, draft, kit, now())
    return made.account.email, made.enrolment


def _found(
    session: "Session",
    server_keys: "ServerKeys",
    shred: "ShredSecrets",
    first: FirstDomain,
    draft: "AccountDraft",
    kit: str,
    moment: int,
) -> "NewAccount":
    """Domain, escrow key, owner: the owner keeps the key until the domain has an admin."""
    from bridge import newcomers
    from storage.access import escrow
    from storage.keys.recovery import RecoveryKit
    from storage.people import domains

    domain = domains.create(session, first.name, first.mode, first.country, moment, "operator")
    key = escrow.create_key(session, domain, (), RecoveryKit.parse(kit).public_key, moment, "operator")
    made = newcomers.add_account(session, server_keys, shred, draft, domain, None, (), moment, "operator")
    if key is not None:
        escrow.entrust(session, key, made.account, moment, "operator", custodian=True)
    return made


def _prepare_backups(data: Path, kit: str) -> None:
    """What is sealed to the kit later needs its public half; backups prove themselves by the canary."""
    from postex_tui.data_folder import now, opened
    from storage.backups import canary
    from storage.engine import server_facts
    from storage.keys.recovery import RecoveryKit

    with opened(data) as store:
        public_key = RecoveryKit.parse(kit).public_key
        store.write_now(server_facts.put, server_facts.Fact.KIT_PUBLIC_KEY, public_key)
        store.write_now(canary.ensure, store.server_keys, store.shred, store.bodies, now())


def _empty(data: Path) -> None:
    """Leave nothing of a failed attempt, so that the next one can begin."""
    for path in data.iterdir() if data.is_dir() else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _signing_key(data: Path) -> str:
    """Public half of the key that signs backups, receipts and heads of the audit log; hex."""
    from postex_tui.data_folder import master_key, settings_of
    from storage.keys import signing

    return signing.public_key(master_key(data, settings_of(data)).derive()).hex()


def _words(data: Path, kit: str, signer: str, mark: str, address: str, code: str) -> str:
    from postex_tui.terminal import qr

    return (
        f"Made {data}.\n\n"
        "RECOVERY KIT: shown this once. Print it and keep it away from this machine;\n"
        "without it a backup cannot be opened when the master key is lost.\n\n"
        f"{qr.of_kit(kit)}\n  {kit}\n\n"
        f"Signing key: write it on the kit. A restore shows by it that a backup is yours:\n  {signer}\n\n"
        f"TLS certificate, SHA-256:\n  {mark}\n\n"
        f"Owner {address}, enrolment code (72 hours, once):\n  {code}\n\n"
        f"Next: postex serve --data {data}\n"
        f"Then, in a second terminal: postex tui --data {data}, or postex enrol {address} --data {data}"
    )
