"""How the bridge stands at this moment: what the dashboard shows, and what its alerts are made of.

Contract. A look costs some counts over indexes (see `figures`), whatever the bridge holds. Who sees some domains gets
their numbers; what lies with the machine (disk, certificate, backups, the log) is for who sees the whole bridge.
"""

import asyncio
import shutil
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from sqlmodel import Session

from bridge import tls
from bridge.alerts import OLD_BACKUP, Machine, Standing
from bridge.api.access import Access
from bridge.api.control import Control
from bridge.api.figures import Arrived
from bridge.api.policy import Action
from bridge.tls import Certificate, CertificateError
from storage.access import live_facts, sessions
from storage.backups import drills
from storage.backups.drills import Drill
from storage.database import DATABASE_NAME
from storage.oversight import audit_heads, figures, statistics
from storage.oversight.audit_heads import Verified
from storage.oversight.figures import Outbox
from storage.people import domains
from storage.records import Origin

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Live:
    """Sessions by door."""

    imap: int
    smtp: int
    control: int


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes, coarse: the log of the database grows with each opening of a document."""

    total: int
    free: int
    bodies: int
    database: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database knows of backups and of its log."""

    begun_at: int | None
    backup_at: int | None
    drill: Drill | None
    verified: Verified | None

    def is_overdue(self, now: int) -> bool:
        """Whether the latest backup is too old; there may be none for as long after the start."""
        since = self.begun_at if self.backup_at is None else self.backup_at
        return since is not None and now - since > OLD_BACKUP


@dataclass(frozen=True, slots=True)
class House:
    """What lies with the machine."""

    version: str
    disk: Disk
    certificate: Certificate | None
    """None: its file cannot be read."""
    kept: Kept


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything, as one reader may see it."""

    now: int
    domains: list[str] | None
    arrived: Arrived
    outbox: Outbox
    live: Live
    accounts: dict[str, int]
    reviews_due: int
    house: House | None


async def look(access: Access) -> Dashboard:
    """All of it, at this moment."""
    control, reach, now = access.control, access.domains, access.control.now()
    store = control.store
    sees_jobs = any(access.principal.holds(Action.OUTBOX_LIST))
    outbox, reviews, names = await store.read(_counted, reach, now, sees_jobs)
    return Dashboard(
        now=now,
        domains=names,
        arrived=await control.figures.arrived(store, reach, now),
        outbox=outbox,
        live=await _live(control, reach, now),
        accounts=await control.figures.kept(
            "accounts", reach, now, partial(store.read, figures.accounts_by_state, reach)
        ),
        reviews_due=reviews,
        house=await _house(control, now) if access.is_everywhere else None,
    )


def standing(found: Dashboard, control: Control) -> Standing:
    """What alerts are made of."""
    outbox = found.outbox
    return Standing(
        now=found.now,
        late=outbox.late,
        dead=outbox.dead,
        uncertain=outbox.uncertain,
        restored=outbox.restored,
        reviews_due=found.reviews_due,
        machine=None if found.house is None else _machine(found.house, control, found.now),
    )


def _machine(house: House, control: Control, now: int) -> Machine:
    kept, trouble = house.kept, control.troubles(now - HOUR)
    return Machine(
        is_running=control.started_at is not None,
        is_writable=not control.store.failed.is_set(),
        total_bytes=house.disk.total,
        free_bytes=house.disk.free,
        certificate_ends_at=None if house.certificate is None else house.certificate.expires_at,
        begun_at=kept.begun_at,
        backup_at=kept.backup_at,
        drill_at=None if kept.drill is None else kept.drill.at,
        drill_failed=kept.drill is not None and kept.drill.problem is not None,
        verified_at=None if kept.verified is None else kept.verified.at,
        log_broken=kept.verified is not None and not kept.verified.holds,
        refused_writes=trouble.refused_writes,
        damaged=trouble.damaged,
    )


def _counted(
    session: Session, reach: frozenset[int] | None, now: int, rungs: bool
) -> tuple[Outbox, int, list[str] | None]:
    names = None
    if reach is not None:
        names = [each.name for each in domains.listing(session) if each.id in reach]
    return figures.outbox(session, reach, now, rungs=rungs), figures.reviews_due(session, reach, now), names


async def _live(control: Control, reach: frozenset[int] | None, now: int) -> Live:
    """Connections know accounts and devices by number; the rest says the database. Not those of break-glass accesses:
    the lists of sessions do not show them to everybody either, and a count would.
    """
    there = control.connections.all()
    devices = await control.store.read(live_facts.devices, sorted({each.device_id for each in there}))
    opened = {number for number, device in devices.items() if device.origin is Origin.BREAK_GLASS}
    seen = [each for each in there if each.device_id not in opened]
    if reach is not None:
        of = await control.store.read(figures.domains_of, sorted({each.account_id for each in seen}))
        seen = [each for each in seen if of.get(each.account_id) in reach]
    imap = sum(each.door.startswith("imap") for each in seen)
    return Live(imap, len(seen) - imap, len(await control.store.read(sessions.alive, reach, now)))


async def _house(control: Control, now: int) -> House:
    store = control.store
    bodies: int = await control.figures.kept("bodies", None, now, partial(store.read, figures.body_bytes))
    kept = await store.read(_kept)
    disk, certificate = await asyncio.to_thread(_on_disk, control, bodies)
    return House(version("postex"), disk, certificate, kept)


def _kept(session: Session) -> Kept:
    latest = drills.latest(session)
    return Kept(
        begun_at=figures.begun(session),
        backup_at=figures.latest(session, "backup.made"),
        drill=latest[0] if latest else None,
        verified=audit_heads.verified(session),
    )


def _on_disk(control: Control, bodies: int) -> tuple[Disk, Certificate | None]:
    usage, settings = shutil.disk_usage(control.data), control.settings
    database = sum(_size(control.data / f"{DATABASE_NAME}{suffix}") for suffix in ("", "-wal"))
    try:
        certificate = tls.described(control.data / settings.tls.certificate_file)
    except CertificateError:
        certificate = None
    free = usage.free - usage.free % statistics.GRAIN
    return Disk(usage.total, free, statistics.coarse(bodies), statistics.coarse(database)), certificate


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
