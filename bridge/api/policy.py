"""Who may do what: the one table of rights (security.md, roles; S61–S66, S77).

Contract. An `Action` is what a route does; `RIGHTS` gives for each action how far each role reaches. A person has the
reach of all roles held at the moment: the account's own and those granted. Nothing that is not in the table is
allowed. Everybody reaches their own account where `SELF` stands.

    SELF    one's own account      DOMAIN   accounts of the domains that the role was granted for
    ALL     the whole bridge

With each right goes a view on other people's data: FULL, MASKED (addresses and names cut) or PSEUDONYMS. Of several
rights that reach a target the fullest view holds.
"""

from collections.abc import Mapping
from enum import Enum, IntEnum, StrEnum, auto
from typing import NamedTuple

from storage.records import Role


class Reach(IntEnum):
    """How far a right goes, from narrow to wide."""

    SELF = 1
    DOMAIN = 2
    ALL = 3


class View(IntEnum):
    """What is shown of other people, from least to all."""

    PSEUDONYMS = 1
    MASKED = 2
    FULL = 3


class Right(NamedTuple):
    reach: Reach
    view: View = View.FULL


class Action(StrEnum):
    """What can be done by the control API. `<noun>.<verb>`; the same names stand in the audit log."""

    # one's own affairs
    SESSION_USE = "session.use"
    SELF_READ = "self.read"
    SELF_CHANGE = "self.change"
    SELF_IDENTITY = "self.identity"
    """Name, addresses, e-mail, phone: what identifies a person (S48)."""
    SELF_SECRETS = "self.secrets"
    """Password, TOTP, recovery codes."""
    SELF_ROTATE = "self.rotate"
    SELF_EXPORT = "self.export"
    """All that is kept of one, with the documents, as one file (S44)."""
    LOOKS_READ = "looks.read"
    """Who looked at one's data (D7)."""
    DOCUMENT_ERASE = "document.erase"
    FIELD_ERASE = "field.erase"

    # what one handed in, and what was told of one
    SENT_READ = "sent.read"
    RECIPIENTS_READ = "recipients.read"
    """The channel of those one delivered to (S59)."""
    DISCLOSURES_READ = "disclosures.read"
    BATCH_READ = "batch.read"
    BATCH_CHANGE = "batch.change"

    # accounts
    ACCOUNT_LIST = "account.list"
    ACCOUNT_READ = "account.read"
    ACCOUNT_ADD = "account.add"
    ACCOUNT_CHANGE = "account.change"
    ACCOUNT_SUSPEND = "account.suspend"
    ACCOUNT_CLOSE = "account.close"
    ACCOUNT_INVITE = "account.invite"
    """A new enrolment code, for an account that never enrolled."""
    ACCOUNT_RESET = "account.reset"
    ACCOUNT_ERASE = "account.erase"
    ALIAS_READ = "alias.read"
    ALIAS_CHANGE = "alias.change"
    SENDER_CHANGE = "sender.change"
    """Which addresses an account may write as."""

    SENDER_TYPE = "sender.type"
    """Of which type its documents are that name none."""

    # what recipients and domains choose
    PREFERENCE_READ = "preference.read"
    PREFERENCE_CHANGE = "preference.change"
    DOMAIN_PREFERENCE_READ = "domain-preference.read"
    DOMAIN_PREFERENCE_CHANGE = "domain-preference.change"
    DELIVERY_EXPLAIN = "delivery.explain"
    DRY_RUN = "dry-run.ask"
    """How a batch would be routed: senders for themselves (S59), admins for their domains."""

    # devices and sessions
    DEVICE_LIST = "device.list"
    DEVICE_ADD = "device.add"
    DEVICE_CHANGE = "device.change"
    DEVICE_REVOKE = "device.revoke"
    CONNECTION_READ = "connection.read"
    """How mail programs connect."""
    SESSION_LIST = "session.list"
    SESSION_END = "session.end"

    # domains and roles
    DOMAIN_LIST = "domain.list"
    DOMAIN_ADD = "domain.add"
    ESCROW_HAND_ON = "escrow.hand-on"
    GRANT_LIST = "grant.list"
    GRANT_ADD = "grant.add"
    GRANT_REVOKE = "grant.revoke"
    GRANT_REVIEW = "grant.review"

    # what needs two people or blocks erasure
    BREAK_GLASS_LIST = "break-glass.list"
    BREAK_GLASS_REQUEST = "break-glass.request"
    BREAK_GLASS_APPROVE = "break-glass.approve"
    BREAK_GLASS_OPEN = "break-glass.open"
    BREAK_GLASS_REVOKE = "break-glass.revoke"
    HOLD_LIST = "hold.list"
    HOLD_PLACE = "hold.place"
    HOLD_LIFT = "hold.lift"
    ERASURE_LIST = "erasure.list"
    PURGE_REQUEST = "purge.request"
    PURGE_APPROVE = "purge.approve"

    # what is on its way
    OUTBOX_LIST = "outbox.list"
    OUTBOX_CHANGE = "outbox.change"
    """Have a job tried again, settled or cancelled."""
    DELIVERY_LIST = "delivery.list"
    PROCESSOR_LIST = "processor.list"
    PROCESSOR_CHANGE = "processor.change"

    # the bridge
    AUDIT_READ = "audit.read"
    AUDIT_VERIFY = "audit.verify"
    DASHBOARD_READ = "dashboard.read"
    """How the bridge stands: counts, and what needs doing."""
    STATISTICS_READ = "statistics.read"
    SERVICE_LOG_READ = "service-log.read"
    """What the running bridge wrote to its log: ids and counts alone (S19)."""
    BACKUP_MAKE = "backup.make"
    BACKUP_LIST = "backup.list"
    BACKUP_DRILL = "backup.drill"
    """Restore a backup where nobody uses it, to see that it can be."""
    SETTINGS_READ = "settings.read"
    EVENTS_WATCH = "events.watch"

    TICKET_OWN = "ticket.own"
    """What one asked the desks."""
    TICKET_LIST = "ticket.list"
    TICKET_CHANGE = "ticket.change"
    """Answer a question, close it."""

    PAPER_RETURN = "paper.return"
    """That a letter came back."""


class Operator(Enum):
    """Who works on the machine itself while the bridge is down: holds the data folder, is signed in as nobody."""

    OPERATOR = auto()


OPERATOR = Operator.OPERATOR
Rights = Mapping[Role | Operator, Right]

_EVERYBODY: Rights = dict.fromkeys((role for role in Role if role is not Role.SYSTEM), Right(Reach.SELF))
_ADMIN: Rights = {Role.DOMAIN_ADMIN: Right(Reach.DOMAIN)}
_OWNER: Rights = {Role.OWNER: Right(Reach.ALL, View.MASKED)}
_OWNER_AND_ADMIN: Rights = {**_OWNER, **_ADMIN}
_HELPERS: Rights = dict.fromkeys((Role.SUPPORT, Role.RESELLER), Right(Reach.DOMAIN, View.MASKED))
_MACHINE: Rights = {OPERATOR: Right(Reach.ALL)}
_AUDITOR: Rights = {Role.AUDITOR: Right(Reach.ALL, View.PSEUDONYMS)}

RIGHTS: Mapping[Action, Rights] = {
    Action.SESSION_USE: _EVERYBODY,
    Action.SELF_READ: _EVERYBODY,
    Action.SELF_CHANGE: _EVERYBODY,
    Action.SELF_IDENTITY: _EVERYBODY,
    Action.SELF_SECRETS: _EVERYBODY,
    Action.SELF_ROTATE: _EVERYBODY,
    Action.SELF_EXPORT: _EVERYBODY,
    Action.LOOKS_READ: _EVERYBODY,
    Action.DOCUMENT_ERASE: _EVERYBODY,
    Action.FIELD_ERASE: _EVERYBODY,
    Action.SENT_READ: _EVERYBODY,
    Action.RECIPIENTS_READ: _EVERYBODY,
    Action.DISCLOSURES_READ: _EVERYBODY,
    Action.BATCH_READ: _EVERYBODY,
    Action.BATCH_CHANGE: _EVERYBODY,
    Action.ACCOUNT_LIST: {**_HELPERS, **_OWNER_AND_ADMIN, **_MACHINE},
    Action.ACCOUNT_READ: {**_EVERYBODY, **_HELPERS, **_OWNER_AND_ADMIN, **_MACHINE},
    Action.ACCOUNT_ADD: {**_OWNER_AND_ADMIN, **_MACHINE},
    Action.ACCOUNT_CHANGE: _ADMIN,
    Action.ACCOUNT_SUSPEND: {**_OWNER_AND_ADMIN, **_MACHINE},
    Action.ACCOUNT_CLOSE: {**_EVERYBODY, **_ADMIN},
    Action.ACCOUNT_INVITE: {**_OWNER_AND_ADMIN, **_MACHINE},
    Action.ACCOUNT_RESET: _ADMIN,
    Action.ACCOUNT_ERASE: {**_EVERYBODY, **_ADMIN},
    Action.ALIAS_READ: {**_EVERYBODY, **_ADMIN, **_MACHINE},
    Action.ALIAS_CHANGE: {**_EVERYBODY, **_ADMIN, **_MACHINE},
    Action.SENDER_CHANGE: {**_ADMIN, **_MACHINE},
    Action.SENDER_TYPE: {**_EVERYBODY, **_ADMIN, **_MACHINE},
    Action.PREFERENCE_READ: {**_EVERYBODY, **_HELPERS, **_ADMIN},
    Action.PREFERENCE_CHANGE: _EVERYBODY,
    Action.DOMAIN_PREFERENCE_READ: {**_HELPERS, **_ADMIN},
    Action.DOMAIN_PREFERENCE_CHANGE: _ADMIN,
    Action.DELIVERY_EXPLAIN: {**_EVERYBODY, **_HELPERS, **_ADMIN},
    Action.DRY_RUN: {Role.SENDER: Right(Reach.SELF), **_ADMIN},
    Action.DEVICE_LIST: {**_EVERYBODY, **_HELPERS, **_ADMIN, **_MACHINE},
    Action.DEVICE_ADD: {**_EVERYBODY, **_MACHINE},
    Action.DEVICE_CHANGE: _EVERYBODY,
    Action.DEVICE_REVOKE: {**_EVERYBODY, **_ADMIN, **_MACHINE},
    Action.CONNECTION_READ: {**_EVERYBODY, **_MACHINE},
    Action.SESSION_LIST: {**_EVERYBODY, **_HELPERS, **_ADMIN},
    Action.SESSION_END: {**_EVERYBODY, **_ADMIN},
    Action.DOMAIN_LIST: {**_HELPERS, **_OWNER_AND_ADMIN, **_AUDITOR, **_MACHINE},
    Action.DOMAIN_ADD: {**_OWNER, **_MACHINE},
    Action.ESCROW_HAND_ON: _OWNER_AND_ADMIN,
    Action.GRANT_LIST: {**_OWNER_AND_ADMIN, **_AUDITOR, **_MACHINE},
    Action.GRANT_ADD: {**_OWNER_AND_ADMIN, **_MACHINE},
    Action.GRANT_REVOKE: {**_OWNER_AND_ADMIN, **_MACHINE},
    Action.GRANT_REVIEW: _OWNER_AND_ADMIN,
    Action.BREAK_GLASS_LIST: {**_OWNER_AND_ADMIN, **_AUDITOR},
    Action.BREAK_GLASS_REQUEST: _ADMIN,
    Action.BREAK_GLASS_APPROVE: _OWNER_AND_ADMIN,
    Action.BREAK_GLASS_OPEN: _ADMIN,
    Action.BREAK_GLASS_REVOKE: _OWNER_AND_ADMIN,
    Action.HOLD_LIST: {**_ADMIN, **_AUDITOR},
    Action.HOLD_PLACE: _ADMIN,
    Action.HOLD_LIFT: _ADMIN,
    Action.ERASURE_LIST: {**_EVERYBODY, **_ADMIN, **_AUDITOR},
    Action.PURGE_REQUEST: _ADMIN,
    Action.PURGE_APPROVE: _OWNER_AND_ADMIN,
    Action.OUTBOX_LIST: {**_OWNER_AND_ADMIN, **_MACHINE},
    Action.OUTBOX_CHANGE: {**_OWNER_AND_ADMIN, **_MACHINE},
    Action.DELIVERY_LIST: {**_EVERYBODY, **_HELPERS, **_ADMIN},
    Action.PROCESSOR_LIST: {**_OWNER_AND_ADMIN, **_AUDITOR, **_MACHINE},
    Action.PROCESSOR_CHANGE: {**_OWNER, **_MACHINE},
    Action.AUDIT_READ: {
        **_EVERYBODY,
        **_HELPERS,
        **_OWNER_AND_ADMIN,
        **_AUDITOR,
        **_MACHINE,
    },
    Action.AUDIT_VERIFY: {**_OWNER, **_AUDITOR, **_MACHINE},
    Action.DASHBOARD_READ: {**_HELPERS, **_OWNER_AND_ADMIN, **_MACHINE},
    Action.STATISTICS_READ: {**_OWNER_AND_ADMIN, **_AUDITOR},
    Action.SERVICE_LOG_READ: {**_OWNER, **_MACHINE},
    Action.BACKUP_MAKE: {**_OWNER, **_MACHINE},
    Action.BACKUP_LIST: {**_OWNER, **_MACHINE},
    Action.BACKUP_DRILL: {**_OWNER, **_MACHINE},
    Action.SETTINGS_READ: {**_OWNER, **_MACHINE},
    Action.EVENTS_WATCH: {**_EVERYBODY, **_OWNER_AND_ADMIN},
    Action.TICKET_OWN: _EVERYBODY,
    Action.TICKET_LIST: {**_OWNER_AND_ADMIN, **_MACHINE},
    Action.TICKET_CHANGE: _OWNER_AND_ADMIN,
    Action.PAPER_RETURN: _ADMIN,
}

STEP_UP: frozenset[Action] = frozenset(
    {
        Action.SELF_IDENTITY,
        Action.SELF_SECRETS,
        Action.SELF_ROTATE,
        Action.SELF_EXPORT,
        Action.DOCUMENT_ERASE,
        Action.FIELD_ERASE,
        Action.ACCOUNT_CHANGE,
        Action.ACCOUNT_CLOSE,
        Action.ACCOUNT_INVITE,
        Action.ACCOUNT_RESET,
        Action.ACCOUNT_ERASE,
        Action.DEVICE_ADD,
        Action.DEVICE_CHANGE,
        Action.DOMAIN_ADD,
        Action.ESCROW_HAND_ON,
        Action.GRANT_ADD,
        Action.GRANT_REVOKE,
        Action.GRANT_REVIEW,
        Action.BREAK_GLASS_REQUEST,
        Action.BREAK_GLASS_APPROVE,
        Action.BREAK_GLASS_OPEN,
        Action.HOLD_LIFT,
        Action.PURGE_REQUEST,
        Action.PURGE_APPROVE,
        Action.ALIAS_CHANGE,
        Action.SENDER_CHANGE,
        Action.PROCESSOR_CHANGE,
        Action.BACKUP_MAKE,
        Action.BACKUP_DRILL,
    }
)
"""Needs password and TOTP within the last five minutes (security.md, Sign-in). The operator has neither."""
STEP_UP_SECONDS = 5 * 60

OUTRANKED: frozenset[Action] = frozenset(
    {
        Action.ACCOUNT_CHANGE,
        Action.ACCOUNT_SUSPEND,
        Action.ACCOUNT_CLOSE,
        Action.ACCOUNT_INVITE,
        Action.ACCOUNT_RESET,
        Action.ACCOUNT_ERASE,
        Action.DEVICE_REVOKE,
        Action.SESSION_END,
        Action.BREAK_GLASS_REQUEST,
        Action.BREAK_GLASS_OPEN,
    }
)
"""What an admin may not do to an account that has rights beyond the admin's own domains."""
