"""What needs doing: alerts, made out of what is known of the bridge at a moment. Pure: nothing is asked here.

Contract. `alerts(standing)` gives them gravest first, each with a code that scripts can count on, what is the matter
and what to do, both to be put into the reader's language, and the section of the terminal app where it is done.

    critical   documents are refused, lost or in danger      warning   it will be so, or somebody waits
    notice     good to do some day

A standing without a `machine` is that of some domains: what lies with the machine is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from bridge.i18n import N_, Amount
from bridge.ways import Way

HOUR, DAY = 3600, 86_400
GB = 10**9
SOON, AT_ONCE = 21 * DAY, 3 * DAY
"""Before the end of a certificate: programs that renew it do so 30 days before."""
OLD_BACKUP, OLDEST_BACKUP = 2 * DAY, 7 * DAY
OLD_DRILL = 92 * DAY
OLD_VERIFICATION = 35 * DAY
TENTH, MOST_FREE = 10, 20 * GB
"""Of the disk that should be free; of a large one no more than so much."""
THIRTIETH, LEAST_FREE = 33, 5 * GB


class Severity(StrEnum):
    """Gravest first."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Machine:
    """What is known of the whole bridge. Times in epoch seconds, None: never."""

    is_running: bool
    is_writable: bool
    total_bytes: int
    free_bytes: int
    certificate_ends_at: int | None
    """None: the file cannot be read."""
    begun_at: int | None
    """When the audit log began: a bridge that was made just now lacks nothing yet."""
    backup_at: int | None
    drill_at: int | None
    drill_failed: bool
    verified_at: int | None
    """When the audit log was last verified whole."""
    log_broken: bool
    """The latest verification found it altered."""
    refused_writes: int
    """Of the last hour."""
    damaged: int
    """Times since the start that stored data did not open as it was kept."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What alerts are made of."""

    now: int
    late: int = 0
    """Jobs of the outbox that were due long ago."""
    dead: int = 0
    uncertain: int = 0
    restored: int = 0
    """Of the uncertain ones: since a restore."""
    reviews_due: int = 0
    machine: Machine | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    severity: Severity
    code: str
    message: str
    remedy: str
    section: str
    """Of the terminal app."""
    values: Mapping[str, object] = field(default_factory=dict)
    """For the placeholders of message and remedy."""


def alerts(standing: Standing) -> list[Alert]:
    """What needs doing, gravest first."""
    found = [*_of_machine(standing), *_of_outbox(standing), *_of_people(standing)]
    order = list(Severity)
    return sorted(found, key=lambda each: order.index(each.severity))


def _of_machine(standing: Standing) -> Iterator[Alert]:
    if (machine := standing.machine) is None:
        return
    yield from _service(machine)
    yield from _disk(machine)
    yield from _certificate(machine, standing.now)
    if machine.begun_at is not None:
        yield from _backup(machine, standing.now, machine.begun_at)
        yield from _log(machine, standing.now, machine.begun_at)


def _service(machine: Machine) -> Iterator[Alert]:
    if not machine.is_running:
        yield _critical(
            "not-running",
            N_("The bridge is not running: no document comes in, and nobody can read."),
            N_("Start it: postex serve, or its service."),
            "settings",
        )
    if not machine.is_writable:
        yield _critical(
            "not-writable",
            N_("The disk under the database failed: nothing can be stored."),
            N_("See the system's log for the disk, then start the bridge again."),
            "service-log",
        )
    elif machine.refused_writes:
        yield _critical(
            "writes-refused",
            N_("Writes that the store refused in the last hour: {count}. Senders were asked to come again."),
            N_("See whether the disk is full, and the service log for the cause."),
            "service-log",
            count=machine.refused_writes,
        )
    if machine.damaged:
        yield _critical(
            "damaged",
            N_("Stored data did not open as it was kept (since the start: {count}). It is not served."),
            N_("Run postex repair while the bridge is down, and take what is damaged from a backup."),
            "service-log",
            count=machine.damaged,
        )


def _disk(machine: Machine) -> Iterator[Alert]:
    free, total = machine.free_bytes, machine.total_bytes
    told = {"free": Amount(free / GB, 1), "total": Amount(total / GB, 1)}
    message = N_("The disk is nearly full: {free} of {total} GB are free. When it is full, senders are refused.")
    remedy = N_("Make room on the disk of the data folder, or give it a larger one.")
    if free < min(total // THIRTIETH, LEAST_FREE):
        yield _critical("disk-full", message, remedy, "settings", **told)
    elif free < min(total // TENTH, MOST_FREE):
        yield _warning("disk-full", message, remedy, "settings", **told)


def _certificate(machine: Machine, now: int) -> Iterator[Alert]:
    remedy = N_("Renew it: the bridge takes new files by itself (settings tls.certificate_file and tls.key_file).")
    if machine.certificate_ends_at is None:
        message = N_("The certificate cannot be read. The one in use stays until the bridge stops.")
        yield _critical("certificate-unreadable", message, remedy, "settings")
        return
    left = machine.certificate_ends_at - now
    if left <= 0:
        message = N_("The certificate has ended: mail programs refuse to connect.")
        yield _critical("certificate-ended", message, remedy, "settings")
    elif left < SOON:
        make = _critical if left < AT_ONCE else _warning
        message = N_("The certificate ends on {day}. Then mail programs refuse to connect.")
        yield make("certificate-ends", message, remedy, "settings", day=_day(machine.certificate_ends_at))


def _backup(machine: Machine, now: int, begun: int) -> Iterator[Alert]:
    age = now - (begun if machine.backup_at is None else machine.backup_at)
    if age > OLD_BACKUP:
        make = _critical if age > OLDEST_BACKUP else _warning
        message = N_("The latest backup is {days} days old.") if machine.backup_at else N_("There is no backup yet.")
        remedy = N_("Make one, and let a timer make one every day: {way}")
        way = Way("backup make", (N_("Backups"),), "n")
        yield make("no-backup", message, remedy, "backups", days=age // DAY, way=way)
    if machine.drill_failed:
        message = N_("The latest restore drill failed: nobody knows whether a backup can be restored.")
        remedy = N_("See what it found, make a new backup, and drill that one.")
        yield _critical("drill-failed", message, remedy, "backups")
    elif machine.backup_at is not None and now - (machine.drill_at or begun) > OLD_DRILL:
        message = N_("No restore was tried for {days} days. Only a backup that was restored is known to be one.")
        days = (now - (machine.drill_at or begun)) // DAY
        yield _notice("no-drill", message, N_("Do a restore drill each quarter."), "backups", days=days)


def _log(machine: Machine, now: int, begun: int) -> Iterator[Alert]:
    if machine.log_broken:
        message = N_("The audit log was altered: the latest verification found it broken.")
        remedy = N_("Verify it again, compare it with a head kept outside, and find out who had the disk.")
        yield _critical("log-broken", message, remedy, "audit")
    elif now - (machine.verified_at or begun) > OLD_VERIFICATION:
        message = N_("The audit log was not verified for {days} days.")
        days = (now - (machine.verified_at or begun)) // DAY
        way = Way("audit verify", (N_("Audit log"),), "v")
        yield _notice("log-unverified", message, N_("Verify it: {way}"), "audit", days=days, way=way)


def _of_outbox(standing: Standing) -> Iterator[Alert]:
    if standing.restored:
        message = N_("Hand-offs of which nobody knows since the restore whether they have happened: {count}.")
        remedy = N_("Look at each in the outbox and say whether it has.")
        yield _warning("restored", message, remedy, "outbox", count=standing.restored)
    if uncertain := standing.uncertain - standing.restored:
        message = N_("Hand-offs of which nobody knows whether they have happened: {count}. They wait for a person.")
        remedy = N_("Look at each in the outbox and say whether it has.")
        yield _warning("uncertain", message, remedy, "outbox", count=uncertain)
    if standing.dead:
        message = N_("Hand-offs that were given up: {count}. Their documents lie in the mailbox.")
        remedy = N_("See why in the outbox; try them again, or cancel them.")
        yield _warning("dead-letters", message, remedy, "outbox", count=standing.dead)
    if standing.late:
        message = N_("Hand-offs that have been due for more than an hour: {count}.")
        remedy = N_("See whether relay, printer and mailboxes elsewhere can be reached.")
        yield _warning("late", message, remedy, "outbox", count=standing.late)


def _of_people(standing: Standing) -> Iterator[Alert]:
    if standing.reviews_due:
        message = N_("Roles that nobody has looked at for 90 days: {count}. Their review is overdue.")
        remedy = N_("Confirm each, or take it away.")
        yield _warning("reviews-due", message, remedy, "roles", count=standing.reviews_due)


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def _critical(code: str, message: str, remedy: str, section: str, **values: object) -> Alert:
    return Alert(Severity.CRITICAL, code, message, remedy, section, values)


def _warning(code: str, message: str, remedy: str, section: str, **values: object) -> Alert:
    return Alert(Severity.WARNING, code, message, remedy, section, values)


def _notice(code: str, message: str, remedy: str, section: str, **values: object) -> Alert:
    return Alert(Severity.NOTICE, code, message, remedy, section, values)
