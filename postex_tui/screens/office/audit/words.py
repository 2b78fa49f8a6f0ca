"""What events of the audit log are called for people: every kind there is, by group.

Contract. `KINDS` has each kind that the product writes; a group is what stands before the dot. A kind that is not
known (of a newer bridge) is shown as it stands in the log.
"""

from collections.abc import Mapping
from typing import Any

from bridge.i18n import N_
from postex_tui.language import Say
from postex_tui.moments import as_text

GROUPS = {
    "account": N_("Accounts"),
    "alias": N_("Further addresses"),
    "audit": N_("The log itself"),
    "backup": N_("Backups"),
    "batch": N_("Batches"),
    "break-glass": N_("Access by two people"),
    "canary": N_("Check of backups"),
    "consent": N_("Consents"),
    "contact": N_("Contact addresses"),
    "device": N_("Devices"),
    "document": N_("Documents"),
    "domain": N_("Domains"),
    "enrolment": N_("Enrolment"),
    "erasure": N_("Erasures"),
    "escrow": N_("Spare keys"),
    "export": N_("Exports"),
    "external-mailbox": N_("Mailboxes elsewhere"),
    "full-reset": N_("Full resets"),
    "grant": N_("Roles"),
    "hold": N_("Holds"),
    "identity": N_("Particulars"),
    "kit": N_("Recovery kits"),
    "log": N_("Repairs"),
    "looks": N_("Who looked"),
    "notice-url": N_("Notice URLs"),
    "outbox": N_("Outbox"),
    "paper": N_("Paper"),
    "password": N_("Passwords"),
    "postal": N_("Postal addresses"),
    "preference": N_("Choices"),
    "processor": N_("Third parties"),
    "purge": N_("Purges"),
    "recovery-code": N_("Recovery codes used"),
    "recovery-codes": N_("Recovery codes made"),
    "renewal": N_("Renewals"),
    "reset": N_("Resets"),
    "second-factor": N_("Second factors"),
    "sender": N_("Senders"),
    "session": N_("Sign-ins"),
    "ticket": N_("Questions"),
}

KINDS = {
    "account.closed": N_("account closed"),
    "account.created": N_("account made"),
    "account.documents-reopened": N_("old documents opened again with a recovery code"),
    "account.erased": N_("account erased again after a restore"),
    "account.key-renewed": N_("account given a new key"),
    "account.key-rotated": N_("key of the account changed"),
    "account.registered": N_("account in use"),
    "account.reopened": N_("closed account opened again"),
    "account.reset": N_("account reset"),
    "account.resumed": N_("suspension ended"),
    "account.settings-changed": N_("settings of the account changed"),
    "account.suspended": N_("account suspended"),
    "alias.added": N_("further address given"),
    "alias.removed": N_("further address taken back"),
    "audit.reindexed": N_("index of the log made anew"),
    "backup.drilled": N_("restore of a backup tried out"),
    "backup.made": N_("backup made"),
    "backup.restored": N_("backup restored"),
    "batch.cancelled": N_("batch cancelled"),
    "batch.cancelling": N_("batch being cancelled"),
    "batch.committed": N_("batch sent off"),
    "batch.committing": N_("batch being sent off"),
    "batch.open": N_("batch begun"),
    "break-glass.approved": N_("access to a mailbox approved by a second person"),
    "break-glass.opened": N_("mailbox opened by two people's access"),
    "break-glass.requested": N_("access to a mailbox asked for"),
    "break-glass.revoked": N_("access to a mailbox taken back"),
    "break-glass.signed-in": N_("mailbox read with an access by two people"),
    "break-glass.told": N_("owner told of an access to the mailbox"),
    "break-glass.used-for-reset": N_("access to a mailbox used up for a reset"),
    "canary.created": N_("account for checking backups made"),
    "consent.given": N_("consent given"),
    "consent.withdrawn": N_("consent withdrawn"),
    "contact.unverified": N_("contact address no longer verified"),
    "contact.verified": N_("contact address verified"),
    "device.added": N_("device added"),
    "device.changed": N_("device changed"),
    "device.revoked": N_("device revoked"),
    "document.delivered": N_("document taken for delivery"),
    "document.held": N_("document kept until its batch goes"),
    "domain.created": N_("domain made"),
    "enrolment.added": N_("enrolment code given out"),
    "enrolment.finished": N_("enrolment finished"),
    "enrolment.used": N_("enrolment code used"),
    "erasure.begun": N_("erasure begun"),
    "erasure.cancelled": N_("erasure called off"),
    "erasure.done": N_("erasure finished"),
    "erasure.lapsed": N_("erasure lapsed"),
    "erasure.requested": N_("erasure asked for"),
    "escrow.created": N_("spare key made"),
    "escrow.entrusted": N_("spare key handed on"),
    "escrow.recovered": N_("spare key had back with the kit"),
    "escrow.renewed": N_("spare key renewed"),
    "escrow.withdrawn": N_("spare key taken back"),
    "export.begun": N_("export of one's data begun"),
    "export.finished": N_("export of one's data finished"),
    "external-mailbox.removed": N_("mailbox elsewhere removed"),
    "external-mailbox.set": N_("mailbox elsewhere set"),
    "external-mailbox.unusable": N_("mailbox elsewhere out of use"),
    "full-reset.added": N_("code for a full reset given out"),
    "grant.added": N_("role given"),
    "grant.ended": N_("role at its end"),
    "grant.expired": N_("unused role lapsed"),
    "grant.reviewed": N_("role reviewed"),
    "grant.revoked": N_("role taken back"),
    "hold.lifted": N_("hold lifted"),
    "hold.placed": N_("hold placed"),
    "identity.changed": N_("particulars changed"),
    "identity.undone": N_("change of particulars undone"),
    "kit.replaced": N_("recovery kit replaced"),
    "log.repaired": N_("database repaired"),
    "looks.account": N_("looked at the account"),
    "looks.addresses": N_("looked at the addresses"),
    "looks.changes": N_("looked at changes of particulars"),
    "looks.deliveries": N_("looked at the deliveries"),
    "looks.devices": N_("looked at the devices"),
    "looks.log": N_("looked at the log of the account"),
    "looks.preferences": N_("looked at the choices"),
    "looks.sessions": N_("looked at the sessions"),
    "notice-url.paused": N_("notice URL paused"),
    "notice-url.removed": N_("notice URL removed"),
    "notice-url.set": N_("notice URL set"),
    "outbox.cancelled": N_("job of the outbox cancelled"),
    "outbox.done": N_("job of the outbox settled: it happened"),
    "outbox.not-done": N_("job of the outbox settled: it did not happen"),
    "outbox.retried": N_("job of the outbox tried again"),
    "paper.returned": N_("letter came back"),
    "password.set": N_("password set"),
    "password.upgraded": N_("password sealed anew"),
    "postal.confirmed": N_("postal address confirmed"),
    "preference.changed": N_("choice changed"),
    "processor.removed": N_("third party removed"),
    "processor.set": N_("third party set"),
    "purge.approved": N_("purge approved by a second person"),
    "purge.cancelled": N_("purge called off"),
    "purge.requested": N_("purge asked for"),
    "recovery-code.used": N_("recovery code used"),
    "recovery-codes.made": N_("recovery codes made"),
    "renewal.added": N_("code for a new key given out"),
    "reset.added": N_("code for a reset given out"),
    "second-factor.removed": N_("second factor removed"),
    "second-factor.set": N_("second factor set"),
    "sender.identity-added": N_("address to write as given"),
    "sender.identity-removed": N_("address to write as taken back"),
    "sender.trust-changed": N_("trust in a sender changed"),
    "sender.type-set": N_("usual type of a sender set"),
    "session.all-ended": N_("all sessions ended"),
    "session.ended": N_("session ended"),
    "session.started": N_("signed in"),
    "session.stepped-up": N_("proved identity once more"),
    "ticket.answered": N_("question answered"),
    "ticket.closed": N_("question closed"),
    "ticket.opened": N_("question asked"),
}

PARTIES = {
    "account": N_("an account"),
    "audit": N_("the log"),
    "backup": N_("a backup"),
    "database": N_("the database"),
    "document": N_("a document"),
    "domain": N_("a domain"),
    "job": N_("a job"),
    "operator": N_("operator"),
    "outside": N_("somebody outside"),
    "processor": N_("a third party"),
    "system": N_("the bridge itself"),
}
"""Those that have no name or id for the reader."""


def kind(say: Say, name: str) -> str:
    """Of an event, in words."""
    return say(KINDS[name]) if name in KINDS else name


def party(say: Say, shown: Mapping[str, Any]) -> str:
    """Name or pseudonym, as far as the reader may know."""
    name = shown["name"] or shown["id"] or say(PARTIES.get(shown["noun"], shown["noun"]))
    return f"{name} ({shown['role']})" if shown["role"] else str(name)


def member(say: Say, name: str, value: object) -> str:
    """A value of an event's detail; times as such."""
    if isinstance(value, bool):
        return say(N_("yes") if value else N_("no"))
    if name.endswith("_at") and type(value) is int:
        return as_text(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
