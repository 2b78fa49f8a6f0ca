"""What the app has to offer, in which mode, and to whom: the table behind rail, menu and palette.

Contract. A section is there for whoever may do its `action`, in the office for others than oneself (the API tells how
far one's rights reach); its screen is imported when it is first shown. Modes: `me` for everybody, `sending` for who
writes, `office` for who looks after others.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from bridge.i18n import N_

if TYPE_CHECKING:
    from postex_tui.screens.section import SectionScreen


class Mode(StrEnum):
    """In whose shoes one works."""

    ME = "me"
    SENDING = "sending"
    OFFICE = "office"


MODE_NAMES = {Mode.ME: N_("My post"), Mode.SENDING: N_("Sending"), Mode.OFFICE: N_("Office")}


@dataclass(frozen=True, slots=True)
class Section:
    """`place`: module:class of its screen."""

    name: str
    title: str
    mode: Mode
    action: str
    place: str

    def screen(self) -> "SectionScreen":
        module, _, kind = self.place.partition(":")
        made: SectionScreen = getattr(import_module(f"postex_tui.screens.{module}"), kind)()
        return made


SECTIONS = (
    Section("preferences", N_("How I receive"), Mode.ME, "preference.read", "me.preferences.section:Preferences"),
    Section("my-devices", N_("Devices"), Mode.ME, "device.list", "me.devices:Devices"),
    Section("my-documents", N_("My documents"), Mode.ME, "document.erase", "me.documents:Documents"),
    Section("held", N_("What we hold"), Mode.ME, "self.read", "me.held:Held"),
    Section("my-looks", N_("Who looked"), Mode.ME, "looks.read", "me.looks:Looks"),
    Section("my-history", N_("History"), Mode.ME, "preference.read", "me.history.section:History"),
    Section("me", N_("About me"), Mode.ME, "self.read", "me.person.section:Person"),
    Section("identities", N_("Identities"), Mode.SENDING, "sent.read", "sending.identities:Identities"),
    Section("sending-devices", N_("Devices"), Mode.SENDING, "device.list", "sending.devices:SendingDevices"),
    Section("sent", N_("Sent"), Mode.SENDING, "sent.read", "sending.sent:Sent"),
    Section("recipients", N_("Recipients"), Mode.SENDING, "recipients.read", "sending.recipients:Recipients"),
    Section("batches", N_("Batches"), Mode.SENDING, "batch.read", "sending.batches:Batches"),
    Section("dashboard", N_("Dashboard"), Mode.OFFICE, "dashboard.read", "office.dashboard:Dashboard"),
    Section("accounts", N_("Accounts"), Mode.OFFICE, "account.list", "office.accounts.section:Accounts"),
    Section("senders", N_("Senders"), Mode.OFFICE, "account.list", "office.accounts.senders:Senders"),
    Section("choices", N_("Preferences"), Mode.OFFICE, "domain-preference.read", "office.choices.section:Choices"),
    Section("deliveries", N_("Deliveries"), Mode.OFFICE, "delivery.list", "office.deliveries.section:Deliveries"),
    Section("outbox", N_("Outbox"), Mode.OFFICE, "outbox.list", "office.deliveries.outbox:Outbox"),
    Section("sessions", N_("Sessions"), Mode.OFFICE, "session.list", "office.sessions:Sessions"),
    Section("audit", N_("Audit log"), Mode.OFFICE, "audit.read", "office.audit.section:Audit"),
    Section("service-log", N_("Service log"), Mode.OFFICE, "service-log.read", "office.service_log:ServiceLog"),
    Section("domains", N_("Domains"), Mode.OFFICE, "domain.list", "office.domains.section:Domains"),
    Section("roles", N_("Roles"), Mode.OFFICE, "grant.list", "office.roles.section:Roles"),
    Section("requests", N_("Requests"), Mode.OFFICE, "break-glass.list", "office.requests.section:Requests"),
    Section("settings", N_("Settings"), Mode.OFFICE, "settings.read", "office.settings:Settings"),
    Section("backups", N_("Backups"), Mode.OFFICE, "backup.list", "office.backups:Backups"),
    Section("statistics", N_("Statistics"), Mode.OFFICE, "statistics.read", "office.statistics.section:Statistics"),
)


def offered(reach: Mapping[str, str], roles: Collection[str]) -> tuple[Section, ...]:
    """Those for somebody with these roles, whose rights reach so far, in the order of the rail."""
    return tuple(each for each in SECTIONS if _is_open(each, reach.get(each.action), roles))


def _is_open(section: Section, reach: str | None, roles: Collection[str]) -> bool:
    if reach is None:
        return False
    match section.mode:
        case Mode.ME:
            return True
        case Mode.SENDING:
            return "sender" in roles
        case Mode.OFFICE:
            return reach != "self"
