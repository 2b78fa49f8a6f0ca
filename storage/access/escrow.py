"""Escrow of the domains of mode managed: keys, who holds them, and the slot of each account (see `keys.escrow`).

Holders are admins of the domain. Until the first of them has the key, the owners keep it as custodians: they can hand
it on, and open nothing with it. The recovery kit has it always: the way back when every holder is lost.

A domain of mode private has no key; there everything here answers NotFound or does nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from storage.access import identity_keys
from storage.engine import server_facts, statements
from storage.engine.server_facts import Fact
from storage.errors import Invalid, NotFound, Tampered
from storage.keys.escrow import EscrowKey, Holder, open_for_holder, open_with_kit, seal_slot
from storage.keys.keyring import AccountKeys
from storage.keys.recovery import RecoveryKit
from storage.oversight import audit
from storage.people import grants
from storage.records import Account, Domain, DomainMode, Role
from storage.shredding import ShredSecrets

FIRST_GENERATION = 1


@dataclass(frozen=True, slots=True)
class EscrowHolder:
    """Somebody who has a domain's escrow key."""

    account_id: int
    generation: int
    """Of the escrow key."""
    custodian: bool
    """May only hand it on."""
    created_at: int


def create_key(
    session: Session, domain: Domain, custodians: Sequence[Account], kit_public: bytes | None, now: int, actor: str
) -> EscrowKey | None:
    """The first escrow key of a domain, for these custodians and the kit; None for a domain of mode private.

    It is handed out as well: where the first owner is made after the domain, `entrust` gives it to them.
    """
    if domain.mode is DomainMode.PRIVATE:
        return None
    key = EscrowKey.generate(domain.id, FIRST_GENERATION)
    statements.run(
        session,
        "INSERT INTO escrow_key (domain_id, generation, public_key, sealed_for_kit, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (domain.id, key.generation, key.public_key, kit_public and key.seal_for_kit(kit_public), now),
    )
    detail = {"generation": key.generation, "kit": kit_public is not None}
    audit.append(session, "escrow.created", actor, f"domain:{domain.id}", detail, now)
    for account in custodians:
        entrust(session, key, account, now, actor, custodian=True)
    return key


def entrust(session: Session, key: EscrowKey, account: Account, now: int, actor: str, *, custodian: bool) -> None:
    """Give an open key to an account: sealed to its identity key. With the first admin the custodians lose it."""
    keep(session, key, account, now, custodian)
    detail = {"domain": key.domain, "generation": key.generation, "custodian": custodian}
    audit.append(session, "escrow.entrusted", actor, f"account:{account.id}", detail, now)
    if not custodian:
        statements.run(session, "DELETE FROM escrow_holder WHERE domain_id = ? AND custodian", (key.domain,))


def seal(session: Session, shred: ShredSecrets, account: Account, keys: AccountKeys, now: int) -> bool:
    """Put the account key into escrow, in the place of what is there; whether the domain has an escrow at all."""
    found = statements.row(
        session,
        "SELECT generation, public_key FROM escrow_key WHERE domain_id = ? ORDER BY generation DESC",
        (account.domain_id,),
    )
    if found is None:
        return False
    sealed = seal_slot(
        keys.account_key,
        shred.get(account.public_id),
        found[1],
        domain=account.domain_id,
        generation=found[0],
        account=account.public_id,
    )
    statements.run(
        session,
        "INSERT INTO escrow_slot (account_id, domain_id, generation, sealed_key, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (account_id) DO UPDATE SET domain_id = excluded.domain_id, generation = excluded.generation,"
        " sealed_key = excluded.sealed_key, created_at = excluded.created_at",
        (account.id, account.domain_id, found[0], sealed, now),
    )
    return True


def has_slot(session: Session, account_id: int) -> bool:
    """Whether the domain's holders can open the account."""
    return statements.row(session, "SELECT 1 FROM escrow_slot WHERE account_id = ?", (account_id,)) is not None


def open_account(
    session: Session, shred: ShredSecrets, holder: Account, holder_keys: AccountKeys, account: Account
) -> AccountKeys:
    """The keys of `account`. Reads only: who opens writes down why.

    NotFound if there is no slot, or `holder` does not hold its key as an admin; Tampered.
    """
    found = statements.row(
        session, "SELECT domain_id, generation, sealed_key FROM escrow_slot WHERE account_id = ?", (account.id,)
    )
    if found is None:
        raise NotFound("escrow slot")
    domain_id, generation, sealed = found
    if domain_id != account.domain_id:
        raise Tampered("an escrow slot of another domain")
    key = key_of(session, domain_id, generation, holder, holder_keys, as_custodian=False)
    account_key = key.open_slot(sealed, shred.get(account.public_id), account=account.public_id)
    return AccountKeys(account.public_id, account_key)


def hand_on(
    session: Session, domain_id: int, holder: Account, holder_keys: AccountKeys, to: Account, now: int, actor: str
) -> None:
    """Give the key on to another admin of the domain. NotFound if `holder` has none; Invalid if `to` is no admin."""
    _require_admin(session, to, domain_id, now)
    keys = _held(session, domain_id, holder, holder_keys)
    if not keys:
        raise NotFound("escrow key")
    for key in keys:
        entrust(session, key, to, now, actor, custodian=False)
        _seal_for_new_kit(session, key)


def _seal_for_new_kit(session: Session, key: EscrowKey) -> None:
    """A new recovery kit (`kits`) has a key as soon as somebody who holds it opens it."""
    kit_public = server_facts.get(session, Fact.KIT_PUBLIC_KEY)
    if kit_public is not None:
        statements.run(
            session,
            "UPDATE escrow_key SET sealed_for_kit = ? WHERE domain_id = ? AND generation = ?"
            " AND sealed_for_kit IS NULL",
            (key.seal_for_kit(kit_public), key.domain, key.generation),
        )


def recover(session: Session, domain_id: int, kit: RecoveryKit, to: Account, now: int, actor: str) -> None:
    """Give the key to an admin of the domain from the recovery kit. NotFound, Invalid, Tampered if it is not the
    kit that the key was sealed to."""
    _require_admin(session, to, domain_id, now)
    found = generations(session, domain_id)
    if not found:
        raise NotFound("escrow key")
    for generation, public_key, sealed in found:
        key = open_with_kit(sealed or b"", kit, public_key, domain=domain_id, generation=generation)
        entrust(session, key, to, now, actor, custodian=False)
    audit.append(session, "escrow.recovered", actor, f"domain:{domain_id}", {"account": to.id}, now)


def withdraw(session: Session, domain_id: int, account_id: int, now: int, actor: str) -> int:
    """Take the key from an account that is no admin any more; how many other holders are left."""
    taken = statements.run(
        session, "DELETE FROM escrow_holder WHERE domain_id = ? AND account_id = ?", (domain_id, account_id)
    )
    left = len({each.account_id for each in holders(session, domain_id)})
    if taken:
        detail = {"domain": domain_id, "holders": left}
        audit.append(session, "escrow.withdrawn", actor, f"account:{account_id}", detail, now)
    return left


def holders(session: Session, domain_id: int) -> list[EscrowHolder]:
    """By account. None for a domain of mode private, and for one that lost them all."""
    found = statements.rows(
        session,
        "SELECT account_id, generation, custodian, created_at FROM escrow_holder WHERE domain_id = ?"
        " ORDER BY account_id, generation",
        (domain_id,),
    )
    return [
        EscrowHolder(account_id, generation, bool(custodian), at) for account_id, generation, custodian, at in found
    ]


def held_domains(session: Session, account_id: int) -> list[int]:
    """Domains whose key the account has."""
    found = statements.rows(
        session, "SELECT DISTINCT domain_id FROM escrow_holder WHERE account_id = ? ORDER BY 1", (account_id,)
    )
    return [domain_id for (domain_id,) in found]


def public_key(session: Session, domain_id: int) -> bytes | None:
    """What account keys are sealed to now; None in mode private."""
    found = generations(session, domain_id)
    return found[-1][1] if found else None


def follow(session: Session, holder: Account, old: AccountKeys, renewed: Account, now: int) -> int:
    """Seal what `holder` holds to its new identity key (that of `renewed`); how many keys. Tampered."""
    found = statements.rows(
        session,
        "SELECT domain_id, generation, custodian FROM escrow_holder WHERE account_id = ?",
        (holder.id,),
    )
    for domain_id, generation, custodian in found:
        key = key_of(session, domain_id, generation, holder, old, as_custodian=True)
        keep(session, key, renewed, now, bool(custodian))
    return len(found)


def keep(session: Session, key: EscrowKey, account: Account, now: int, custodian: bool) -> None:
    """A holder's copy, in the place of what is there; without a word in the audit log."""
    holder = Holder(account.public_id, account.generation)
    statements.run(
        session,
        "INSERT INTO escrow_holder (domain_id, generation, account_id, identity_generation, sealed_private,"
        " custodian, created_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (domain_id, generation, account_id)"
        " DO UPDATE SET identity_generation = excluded.identity_generation,"
        " sealed_private = excluded.sealed_private, custodian = excluded.custodian",
        (
            key.domain,
            key.generation,
            account.id,
            account.generation,
            key.seal_for_holder(holder, identity_keys.public(session, account)),
            custodian,
            now,
        ),
    )


def _held(session: Session, domain_id: int, holder: Account, keys: AccountKeys) -> list[EscrowKey]:
    """Every generation that the holder has."""
    found = statements.rows(
        session,
        "SELECT generation FROM escrow_holder WHERE domain_id = ? AND account_id = ? ORDER BY generation",
        (domain_id, holder.id),
    )
    return [key_of(session, domain_id, each, holder, keys, as_custodian=True) for (each,) in found]


def key_of(
    session: Session, domain_id: int, generation: int, holder: Account, keys: AccountKeys, *, as_custodian: bool
) -> EscrowKey:
    """The open key. NotFound if `holder` has none, or only as custodian and that does not do; Tampered."""
    found = statements.row(
        session,
        "SELECT sealed_private, identity_generation, custodian, public_key FROM escrow_holder"
        " JOIN escrow_key USING (domain_id, generation)"
        " WHERE domain_id = ? AND generation = ? AND account_id = ?",
        (domain_id, generation, holder.id),
    )
    if found is None or (found[2] and not as_custodian):
        raise NotFound("escrow key")
    sealed, identity_generation, _, public = found
    return open_for_holder(
        sealed,
        identity_keys.private(session, holder, keys, identity_generation),
        public,
        domain=domain_id,
        generation=generation,
        holder=Holder(holder.public_id, identity_generation),
    )


def generations(session: Session, domain_id: int) -> list[statements.Row]:
    """(generation, public half, private half for the kit) of each key that is in use, oldest first."""
    return statements.rows(
        session,
        "SELECT generation, public_key, sealed_for_kit FROM escrow_key WHERE domain_id = ? ORDER BY generation",
        (domain_id,),
    )


def _require_admin(session: Session, account: Account, domain_id: int, now: int) -> None:
    held = grants.effective(session, account, now)
    if not any(each.role is Role.DOMAIN_ADMIN and each.domain_id in (None, domain_id) for each in held):
        raise Invalid("account: an admin of the domain")
