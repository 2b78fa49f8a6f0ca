"""Making an account in one go: the account, the addresses it may write as, its first device, its enrolment code."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from postex_tui.answers import USAGE, Refusal
from postex_tui.data_folder import now, opened
from storage import accounts, addresses, devices, domains, enrolment, senders
from storage.accounts import AccountDraft
from storage.errors import Conflict, NotFound
from storage.keys.keyring import AccountKeys
from storage.keys.master import ServerKeys
from storage.records import Account, DeviceCredentials, EnrolmentCode, Role, Scope
from storage.shredding import ShredSecrets

SCOPES = {
    Role.RECIPIENT: frozenset({Scope.IMAP}),
    Role.SENDER: frozenset({Scope.SMTP_SEND}),
    Role.OWNER: frozenset({Scope.IMAP}),
}
"""What the first device of an account may do. An ERP's password opens no mailbox."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is shown once, and then only kept as locked keys."""

    account: Account
    enrolment: EnrolmentCode
    device: DeviceCredentials | None
    identities: tuple[str, ...]

    def content(self) -> Mapping[str, object]:
        """For --json; without a device there is no key `device`."""
        content: dict[str, object] = {
            "account": self.account.public_id,
            "email": self.account.email,
            "role": str(self.account.role),
            "enrolment_code": self.enrolment.code,
            "enrolment_expires_at": self.enrolment.expires_at,
        }
        if self.identities:
            content["from"] = list(self.identities)
        if self.device:
            content["device"] = device_content(self.device)
        return content

    def words(self) -> str:
        """For people."""
        lines = [f"Added {self.account.role} {self.account.email}."]
        if self.identities:
            lines.append(f"It may also write as {', '.join(self.identities)}.")
        lines.append(f"Enrolment code (72 hours, once): {self.enrolment.code}")
        return "\n".join(lines + ([device_words(self.device)] if self.device else []))


def device_content(credentials: DeviceCredentials) -> dict[str, object]:
    """For --json."""
    device = credentials.device
    return {
        "id": device.id,
        "label": device.label,
        "scopes": sorted(device.scopes),
        "username": credentials.username,
        "password": credentials.password,
    }


def device_words(credentials: DeviceCredentials) -> str:
    """What a person types into a mail client."""
    return (
        f"Device {credentials.device.label} ({', '.join(sorted(credentials.device.scopes))}), shown this once:\n"
        f"  user      {credentials.username}\n"
        f"  password  {credentials.password}"
    )


def add(data: Path, draft: AccountDraft, device: str | None = None, identities: tuple[str, ...] = ()) -> NewAccount:
    """Make it in the domain of its address, all or nothing. Raises `Refusal` and what storage raises."""
    with opened(data) as store:
        return store.write_now(make, store.server_keys, store.shred, draft, device, identities, now())


def make(
    session: Session,
    server_keys: ServerKeys,
    shred: ShredSecrets,
    draft: AccountDraft,
    device: str | None,
    identities: tuple[str, ...],
    moment: int,
) -> NewAccount:
    """In one write, so that no account is ever left without a way in."""
    account, keys = _create(session, shred, draft, moment)
    for address in identities:
        _let_write_as(session, account, address, moment)
    lock = (session, server_keys, shred, account, keys)
    code = enrolment.add_enrolment(*lock, moment)
    credentials = devices.add(*lock, device, SCOPES[draft.role], moment) if device else None
    return NewAccount(account, code, credentials, identities)


def _create(session: Session, shred: ShredSecrets, draft: AccountDraft, moment: int) -> tuple[Account, AccountKeys]:
    domain_name = addresses.normal(draft.email).rpartition("@")[2]
    try:
        domain = domains.by_name(session, domain_name)
    except NotFound:
        raise Refusal("not-found", f"{domain_name} is no domain of this bridge", USAGE) from None
    try:
        return accounts.create(session, shred, draft, domain, moment)
    except Conflict:
        raise Refusal("conflict", f"{draft.email} is taken: an account receives or writes as it") from None


def _let_write_as(session: Session, account: Account, address: str, moment: int) -> None:
    try:
        senders.add_identity(session, account.id, address, moment)
    except Conflict:
        raise Refusal("conflict", f"{address} belongs to another account of this bridge") from None
