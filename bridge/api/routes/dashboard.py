"""How the bridge stands: numbers, and what needs doing."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from bridge.alerts import Alert, alerts
from bridge.api import dashboard
from bridge.api.access import Access, gate
from bridge.api.control import Control
from bridge.api.dashboard import Dashboard, House
from bridge.api.policy import Action
from bridge.api.problems import locale_of
from bridge.api.schemas.dashboard import (
    AlertOut,
    ArrivalsOut,
    BackupStandingOut,
    CertificateOut,
    DashboardOut,
    DiskOut,
    LiveOut,
    MachineOut,
    OutboxStandingOut,
)
from bridge.i18n import text
from bridge.ways import told

router = APIRouter(prefix="/v1", tags=["dashboard"])
DAY = 86_400


@router.get("/dashboard")
async def read(access: Annotated[Access, Depends(gate(Action.DASHBOARD_READ))], request: Request) -> DashboardOut:
    """Of the whole bridge or of the domains in reach: counts alone, nobody is named."""
    found, locale = await dashboard.look(access), locale_of(request)
    outbox = found.outbox
    return DashboardOut(
        now=found.now,
        domains=found.domains,
        arrivals=_arrivals(found),
        outbox=OutboxStandingOut(
            waiting=outbox.waiting, due=outbox.due, late=outbox.late, dead=outbox.dead, uncertain=outbox.uncertain
        ),
        sessions=LiveOut(**asdict(found.live)),
        accounts=found.accounts,
        machine=None if found.house is None else _machine(found.house, access.control, found.now),
        alerts=[_alert(each, locale, access.road) for each in alerts(dashboard.standing(found, access.control))],
    )


def _arrivals(found: Dashboard) -> ArrivalsOut:
    arrived = found.arrived
    return ArrivalsOut(
        minutes=arrived.minutes,
        hours=arrived.hours,
        channels={str(channel): count for channel, count in arrived.channels.items()},
    )


def _machine(house: House, control: Control, now: int) -> MachineOut:
    kept, drill = house.kept, house.kept.drill
    return MachineOut(
        hostname=control.settings.hostname,
        version=house.version,
        started_at=control.started_at,
        writable=not control.store.failed.is_set(),
        disk=DiskOut(**asdict(house.disk)),
        certificate=_certificate(house, now),
        backup=BackupStandingOut(
            made_at=kept.backup_at,
            overdue=kept.is_overdue(now),
            drilled_at=None if drill is None else drill.at,
            drill_held=None if drill is None else drill.problem is None,
        ),
        log_verified_at=None if kept.verified is None else kept.verified.at,
    )


def _certificate(house: House, now: int) -> CertificateOut | None:
    found = house.certificate
    if found is None:
        return None
    return CertificateOut(
        subject=found.subject,
        ends_at=found.expires_at,
        days_left=(found.expires_at - now) // DAY,
        self_signed=found.self_signed,
    )


def _alert(alert: Alert, locale: str, road: str) -> AlertOut:
    values = told(alert.values, locale, road)
    return AlertOut(
        severity=alert.severity.value,
        code=alert.code,
        text=text(locale, alert.message, **values),
        remedy=text(locale, alert.remedy, **values),
        section=alert.section,
    )
