"""Accounts and grants as one reader may see them; and that they were seen (D7)."""

from collections.abc import Collection

from sqlmodel import Session

from bridge.api import masking
from bridge.api.access import Access
from bridge.api.policy import View
from bridge.api.schemas.accounts import AccountDetailOut, AccountOut
from bridge.api.schemas.grants import GrantOut
from storage.keys.master import ServerKeys
from storage.oversight import looks
from storage.people import accounts, domains, particulars
from storage.people.grants import REVIEW_EVERY, UNUSED_LIMIT, Grant
from storage.people.particulars import Particulars
from storage.records import Account, Domain

VIEWS = {View.FULL: "full", View.MASKED: "masked", View.PSEUDONYMS: "pseudonyms"}


def account_out(view: View, account: Account, domain: str, keys: ServerKeys) -> AccountOut:
    return AccountOut.model_validate(_outline(view, account, domain, keys))


def _outline(view: View, account: Account, domain: str, keys: ServerKeys) -> dict[str, object]:
    return {
        "id": masking.reference(view, account, keys),
        "email": masking.address(view, account.email),
        "name": masking.name(view, account.name),
        "domain": domain,
        "role": account.role,
        "state": account.state,
        "view": VIEWS[view],
    }


def detail_out(
    view: View, account: Account, known: Particulars, domain: Domain, keys: ServerKeys
) -> AccountDetailOut:
    return AccountDetailOut.model_validate(details(view, account, known, domain, keys))


def details(view: View, account: Account, known: Particulars, domain: Domain, keys: ServerKeys) -> dict[str, object]:
    """The values of an `AccountDetailOut`."""
    return {
        **_outline(view, account, domain.name, keys),
        "locale": account.locale,
        "mode": domain.mode,
        "legal_name": masking.optional(view, known.legal_name),
        "contact_email": masking.optional(view, known.contact_email),
        "contact_email_verified": known.contact_email_verified_at is not None,
        "phone": masking.optional(view, known.phone),
        "postal_address": masking.optional(view, known.postal_address),
        "quota_bytes": account.quota_bytes,
        "used_bytes": masking.size(view, known.used_bytes),
        "client_noted": known.client_noted,
        "accepted_mode": known.accepted_mode,
        "accepted_at": known.accepted_at,
        "closed_at": known.closed_at,
        "created_at": known.created_at,
    }


async def detail(access: Access, account_id: int) -> AccountDetailOut:
    """As it is now, for who asks; a look at somebody else is noted."""
    account, known, domain = await access.control.store.read(found, account_id)
    view = access.view(account.id, account.domain_id)
    await note_look(access, account, "account")
    return detail_out(view, account, known, domain, access.control.store.server_keys)


def found(session: Session, account_id: int) -> tuple[Account, Particulars, Domain]:
    """NotFound."""
    account = accounts.by_id(session, account_id)
    known = particulars.of_account(session, account_id)
    return account, known, domains.by_id(session, account.domain_id)


async def note_look(access: Access, account: Account, what: str) -> None:
    """For the account's owner to read; once an hour, and never for one's own."""
    await note_looks(access, (account.id,), what)


async def note_looks(access: Access, account_ids: Collection[int], what: str) -> None:
    """At each of these accounts."""
    store, now = access.control.store, access.control.now()
    viewer = None if access.principal.account is None else access.principal.account.id
    numbers = await store.read(looks.unnoted, viewer, account_ids, what, now, access.actor)
    if numbers:
        await store.write(looks.note, viewer, numbers, what, now, access.actor)


def grant_out(view: View, grant: Grant, account: Account, domain: str | None, keys: ServerKeys, now: int) -> GrantOut:
    unused_since = grant.granted_at if grant.used_at is None else grant.used_at
    return GrantOut(
        id=grant.id,
        account=masking.reference(view, account, keys),
        email=masking.address(view, account.email),
        name=masking.name(view, account.name),
        role=grant.role,
        domain=domain,
        ticket=grant.ticket,
        granted_at=grant.granted_at,
        ends_at=grant.ends_at,
        used_at=grant.used_at,
        lapses_at=unused_since + UNUSED_LIMIT,
        reviewed_at=grant.reviewed_at,
        review_due_at=grant.reviewed_at + REVIEW_EVERY,
        overdue=grant.reviewed_at + REVIEW_EVERY <= now,
    )
