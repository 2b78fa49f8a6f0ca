"""How the bridge stands. Times: epoch seconds UTC. Who sees some domains only gets null for the machine."""

from typing import Literal

from pydantic import Field

from bridge.api.schemas import Schema


class ArrivalsOut(Schema):
    minutes: list[int] = Field(description="Documents in each of the last 60 minutes, oldest first.")
    hours: list[int] = Field(description="In each of the last 24 hours, oldest first.")
    channels: dict[str, int] = Field(description="Of those 24 hours by what was decided: mailbox, email, paper, …")


class OutboxStandingOut(Schema):
    waiting: int
    due: int = Field(description="Of those that wait: now.")
    late: int = Field(description="Of those that are due: for more than an hour.")
    dead: int
    uncertain: int


class LiveOut(Schema):
    imap: int
    smtp: int
    control: int


class DiskOut(Schema):
    total: int
    free: int = Field(description="In steps of 10 MB, as are the others below.")
    bodies: int = Field(description="Bytes of documents.")
    database: int


class CertificateOut(Schema):
    subject: str
    ends_at: int
    days_left: int
    self_signed: bool


class BackupStandingOut(Schema):
    made_at: int | None
    overdue: bool
    drilled_at: int | None = Field(description="When a restore was last tried.")
    drill_held: bool | None


class MachineOut(Schema):
    hostname: str
    version: str
    started_at: int | None = Field(description="Null: no bridge runs, the command line itself answers.")
    writable: bool
    disk: DiskOut
    certificate: CertificateOut | None
    backup: BackupStandingOut
    log_verified_at: int | None


class AlertOut(Schema):
    severity: Literal["critical", "warning", "notice"]
    code: str
    text: str
    remedy: str
    section: str = Field(description="Of the terminal app, where it is dealt with.")


class DashboardOut(Schema):
    now: int
    domains: list[str] | None = Field(description="That it is about; null: the whole bridge.")
    arrivals: ArrivalsOut
    outbox: OutboxStandingOut
    sessions: LiveOut
    accounts: dict[str, int] = Field(description="By state.")
    machine: MachineOut | None
    alerts: list[AlertOut] = Field(description="Gravest first.")
