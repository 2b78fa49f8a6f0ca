"""From a hand-in to what is stored of it: the decision for each reader, and what has to happen because of it.

`gather` reads, for all readers at once, what decisions depend on. `plan` is pure: it makes the row, and the outbox
jobs that go into the document's own transaction. Keys of jobs begin with the delivery's id: once per delivery.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from bridge.mail.facts import HeaderFacts
from bridge.routing import decision as decisions
from bridge.routing import orders
from bridge.routing.decision import Decision, Document, Places, Sender
from bridge.routing.hours import Hours, notice_job
from storage.choices import correspondents, preferences
from storage.choices.preferences import Applying
from storage.deliveries.terms import (
    DAY,
    LEAVES,
    Channel,
    Decided,
    DeliveryState,
    DocumentType,
    JobKind,
    Ladder,
    NewJob,
    Notify,
    Sensitivity,
)

TAG_BYTES = 16
JOB_OF = {Channel.EXTERNAL: JobKind.EXTERNAL, Channel.EMAIL: JobKind.EMAIL, Channel.PAPER: JobKind.PAPER}


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the decisions of one hand-in depend on."""

    key: correspondents.Key | None
    sender: Sender
    default_type: DocumentType
    applying: Mapping[int, Applying]

    def may_leave(self) -> bool:
        """Whether some decision may need the document's key in the outbox. Wrong only towards yes."""
        chosen = (each.choice for reader in self.applying.values() for each in reader.preferences)
        return self.sender.verified and any(
            choice.channel in LEAVES or (choice.ladder is not None and choice.ladder.leaves()) for choice in chosen
        )

    def may_be_refused(self) -> bool:
        """Likewise whether some reader may refuse the document."""
        chosen = (each.choice for reader in self.applying.values() for each in reader.preferences)
        return any(choice.channel is Channel.REFUSE for choice in chosen)


def gather(session: Session, account_ids: Sequence[int], key: correspondents.Key | None, verified: bool) -> Gathered:
    """`key`: the sender's account, or an outside address; None for the null sender."""
    if isinstance(key, int):
        correspondent_id, default = correspondents.of_sender(session, key)
    else:
        correspondent_id, default = None if key is None else correspondents.find(session, key), None
    return Gathered(
        key,
        Sender(correspondent_id, verified),
        DocumentType.LETTER if default is None else DocumentType(default),
        preferences.applying(session, account_ids, correspondent_id),
    )


def document_of(facts: HeaderFacts, default: DocumentType) -> Document:
    """An unknown type or sensitivity counts as `other` and as private: the careful reading of each."""
    named, is_misnamed = (facts.document_type or default).lower(), False
    try:
        kind = DocumentType(named)
    except ValueError:
        kind, is_misnamed = DocumentType.OTHER, True
    try:
        sensitivity = None if facts.sensitivity is None else Sensitivity(facts.sensitivity)
    except ValueError:
        sensitivity = Sensitivity.PRIVATE
    return Document(kind, sensitivity, facts.generated, is_misnamed)


def plan(
    gathered: Gathered, facts: HeaderFacts, places: Places, tag_key: bytes, now: int, dsn: Mapping[int, str]
) -> dict[int, Decided]:
    """By account. `dsn`: JSON of the delivery status parameters, of those readers that have any."""
    document = document_of(facts, gathered.default_type)
    return {
        account_id: _decided(
            decisions.decide(each.reader, each.preferences, gathered.sender, document, places),
            each,
            facts,
            document,
            message_tag(tag_key, account_id, facts.message_id),
            now,
            dsn.get(account_id),
            places.hours,
        )
        for account_id, each in gathered.applying.items()
    }


def held(decided: Decided, openable: bool) -> Decided:
    """Of a document that waits for its sender: what was decided does not count yet. `openable`: by the server."""
    return replace(
        decided,
        channel=Channel.MAILBOX,
        state=DeliveryState.HELD,
        reasons="[]",
        mailbox_id=None,
        ladder=Ladder(),
        ladder_due_at=None,
        needs_key=openable,
        erase_at=None,
        jobs=(),
    )


def message_tag(key: bytes, account_id: int, message_id: str | None) -> bytes | None:
    """16 bytes by which a reply or a moved message finds its delivery; tells nothing without `key`."""
    if message_id is None:
        return None
    named = f"{account_id}\0{message_id}".encode("utf-8", "surrogateescape")
    return hmac.digest(key, named, "sha256")[:TAG_BYTES]


def _decided(
    decision: Decision,
    applying: Applying,
    facts: HeaderFacts,
    document: Document,
    tag: bytes | None,
    now: int,
    dsn: str | None,
    hours: Hours,
) -> Decided:
    leaves = decision.channel in LEAVES
    return Decided(
        account_id=applying.reader.account_id,
        document_type=document.type,
        channel=decision.channel,
        state=_state(decision),
        language=decision.language,
        reasons=decisions.encoded(decision.reasons),
        mailbox_id=decision.mailbox_id,
        notify=decision.notify,
        receipts=decision.receipts,
        ladder=decision.ladder,
        ladder_due_at=now + decision.ladder.rungs[0][0] * DAY if decision.ladder else None,
        needs_key=leaves or decision.ladder.leaves(),
        erase_at=now + decision.retention_days * DAY if decision.retention_days else None,
        sensitivity=document.sensitivity,
        message_tag=tag,
        wants_mdn=facts.wants_mdn,
        dsn=dsn,
        reply_by=facts.reply_by,
        expires_at=facts.expires_at,
        jobs=_jobs(decision, applying.reader.account_id, now, hours),
    )


def _state(decision: Decision) -> DeliveryState:
    if decision.channel is Channel.REFUSE:
        return DeliveryState.REFUSED
    if decision.channel in LEAVES:
        return DeliveryState.LEAVING
    held = any(reason.code is decisions.Code.NOT_REGISTERED for reason in decision.reasons)
    return DeliveryState.WAITING if decision.ladder or held else DeliveryState.DELIVERED


def _jobs(decision: Decision, account_id: int, now: int, hours: Hours) -> tuple[NewJob, ...]:
    jobs = []
    if decision.channel in JOB_OF:
        jobs.append(NewJob(JOB_OF[decision.channel], decision.channel, now))
    if decision.channel is not Channel.REFUSE and decision.notify is not Notify.NONE:
        order = orders.arrivals(decision.notify, decision.quiet)
        jobs.append(notice_job(account_id, decision.notify, decision.quiet, now, hours, order))
    return tuple(jobs)
