"""A new recovery kit in the place of one that was lost or seen by others.

The master key is sealed again, to the new kit, and later backups are opened by it. Backups that are there stay with
the old kit: destroy it only when they are gone. Escrow keys were sealed to the old kit as well; that seal goes, and
the next admin who hands the key of a domain on seals it to the new one.
"""

import os

from sqlmodel import Session

from storage.backups import backup
from storage.database import Store
from storage.engine import server_facts, statements
from storage.engine.durable import sync_folder, write_whole
from storage.engine.server_facts import Fact
from storage.keys.master import MasterKey
from storage.keys.recovery import RecoveryKit, seal_master
from storage.oversight import audit
from storage.randomness import Rng


def renew(store: Store, master: MasterKey, actor: str, now: int, rng: Rng = os.urandom) -> tuple[RecoveryKit, int]:
    """The new kit, to be shown once, and how many escrow keys wait for it. WriterUnavailable: the old one stands.

    The sealed copy takes its place last: killed before that, backups are still sealed to the old kit, and never to
    one that nobody has seen. The way on is the same call again.
    """
    kit = RecoveryKit.generate(rng)
    sealed = store.data / backup.RECOVERY / backup.SEALED_MASTER
    sealed.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = sealed.with_name(f"{sealed.name}.next")
    write_whole(fresh, seal_master(kit.public_key, master), 0o600)
    try:
        waiting = store.write_now(_replace, kit.public_key, actor, now)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    fresh.rename(sealed)
    sync_folder(sealed.parent)
    return kit, waiting


def _replace(session: Session, public_key: bytes, actor: str, now: int) -> int:
    server_facts.put(session, Fact.KIT_PUBLIC_KEY, public_key)
    waiting = statements.run(session, "UPDATE escrow_key SET sealed_for_kit = NULL")
    audit.append(session, "kit.replaced", actor, "system", {"escrow_keys": waiting}, now)
    return waiting
