"""Why a document came as it did, in words, step by step (D4): made from the reasons that the decision left.

The words are for whoever may read them, so they speak of «the recipient». A folder's name is its owner's alone: it is
shown where the caller can give it.
"""

import json
from collections.abc import Iterable, Mapping

from bridge.i18n import LANGUAGES, N_, text
from bridge.routing.decision import Code, Level, Reason
from storage.deliveries.deliveries import Delivery
from storage.deliveries.terms import Channel, DeliveryState, DocumentType, Ladder, Notify, Rung
from storage.deliveries.transcript import DeliveryEvent

FIELDS = {
    "type": N_("Type"),
    "channel": N_("Channel"),
    "mailbox_id": N_("Folder"),
    "notify": N_("Notice"),
    "quiet": N_("Quiet hours"),
    "ladder": N_("If it stays unread"),
    "retention_days": N_("Kept"),
    "receipts": N_("Sender learns when it is opened"),
    "language": N_("Language"),
}
CHANNELS = {
    Channel.MAILBOX: N_("mailbox"),
    Channel.EXTERNAL: N_("mailbox elsewhere"),
    Channel.EMAIL: N_("e-mail"),
    Channel.PAPER: N_("paper"),
    Channel.REFUSE: N_("refused"),
}
NOTIFY = {
    Notify.NONE: N_("none"),
    Notify.AT_ONCE: N_("at once"),
    Notify.DAILY: N_("once a day"),
}
RUNGS = {
    Rung.REMIND: N_("day {day}: reminder"),
    Rung.EMAIL: N_("day {day}: by e-mail"),
    Rung.PAPER: N_("day {day}: on paper"),
}
TYPES = {
    DocumentType.LETTER: N_("letter"),
    DocumentType.INVOICE: N_("invoice"),
    DocumentType.REMINDER: N_("payment reminder"),
    DocumentType.PAYSLIP: N_("payslip"),
    DocumentType.CONTRACT: N_("contract"),
    DocumentType.NOTICE: N_("official notice"),
    DocumentType.NEWSLETTER: N_("newsletter"),
    DocumentType.OTHER: N_("other document"),
}
STATES = {
    DeliveryState.HELD: N_("It waits until its sender has completed the batch."),
    DeliveryState.WAITING: N_("It lies in the mailbox, unread; the next step waits for its day."),
    DeliveryState.DELIVERED: N_("It lies in the mailbox."),
    DeliveryState.LEAVING: N_("It lies in the mailbox and is on its way out."),
    DeliveryState.HANDED_OFF: N_("It lies in the mailbox and was handed over."),
    DeliveryState.FAILED: N_("It could not be handed over; it lies in the mailbox."),
    DeliveryState.REFUSED: N_("Its sender was told that it is refused; nothing of it was kept."),
    DeliveryState.OPENED: N_("It was opened."),
    DeliveryState.REMOVED: N_("It was removed unread."),
}
EVENTS = {
    "document.superseded": N_(
        "A later document of its sender takes its place: this one stays, and nothing more is done with it."
    ),
    "ladder.unreached": N_("A reminder of it reached nobody outside; it came into the mailbox."),
    "email.handed-off": N_("It went by e-mail."),
    "email.failed": N_("It could not go by e-mail, or came back from there ({detail})."),
    "external.handed-off": N_("It went to the recipient's mailbox elsewhere."),
    "external.failed": N_("It could not go to the recipient's mailbox elsewhere ({detail})."),
    "paper.handed-off": N_("It went to the printer."),
    "paper.failed": N_("It could not be printed, or came back by post ({detail})."),
}
"""What the transcript of a delivery adds, by kind."""
LEVELS = {
    Level.SENDER_TYPE: N_("The recipient chose this for this type of document from this sender."),
    Level.SENDER: N_("The recipient chose this for this sender."),
    Level.RECIPIENT: N_("The recipient chose this for all senders."),
    Level.DOMAIN_TYPE: N_("The domain chose this for this type of document, for all its recipients."),
    Level.DOMAIN: N_("The domain chose this for all its recipients."),
    Level.DEFAULT: N_("Nobody chose anything else."),
}
CODES = {
    Code.MANDATORY: N_("The domain lets nobody refuse documents of this type."),
    Code.NOT_VERIFIED: N_("There is no e-mail address of the recipient that was verified."),
    Code.NO_POSTAL_ADDRESS: N_("There is no postal address of the recipient."),
    Code.PAPER_RETURNED: N_("Paper came back from the postal address, and it has not been confirmed since."),
    Code.NO_EXTERNAL_MAILBOX: N_("The recipient has no mailbox elsewhere that was verified."),
    Code.UNVERIFIED_SENDER: N_("Nobody vouches for the sender: its documents do not leave the mailbox."),
    Code.OUTSIDE_EUROPE: N_("That way leads out of Europe, where no document may go."),
    Code.CARRIERS_DECLINED: N_("The recipient no longer agrees that third parties carry documents this way."),
    Code.LEAVES_AT_ONCE: N_("It does not wait in the mailbox, so nothing is to be done if it stays unread."),
    Code.KEPT_FOR_LADDER: N_("It is kept until the last day on which something is done if it stays unread."),
    Code.NO_CARRIER: N_("This post office has no relay or printer for it."),
    Code.NO_NOTICE_ADDRESS: N_("There is no verified e-mail address and no other way to tell the recipient."),
    Code.NO_NOTICE_RELAY: N_("This post office sends no e-mail, and there is no other way to tell the recipient."),
    Code.TELLS_WHY: N_("The document itself may not leave; a notice without contents tells of it."),
    Code.AUTOMATIC: N_("A program wrote it, and nobody vouches for the sender: nothing is sent because it came."),
    Code.UNKNOWN_TYPE: N_("The document names a type that this post office does not know."),
    Code.NOT_REGISTERED: N_("The recipient has not registered yet: it is kept until the deadline."),
}
LEFT_OUT = N_("{step}: left out. {why}")
STEP = N_("{field}: {value}. {why}")
DECIDED = N_("Document: {type}.")
FORGOTTEN = N_("Reasons are kept for 90 days; those of this document are gone.")
_WORDS = {
    "yes": N_("yes"),
    "no": N_("no"),
    "inbox": N_("inbox"),
    "own": N_("a folder of the recipient's own"),
    "forever": N_("until the recipient erases it"),
    "days": N_("{days} days"),
    "nothing": N_("nothing is done"),
    "none": N_("none"),
}


def explain(
    delivery: Delivery,
    locale: str,
    folders: Mapping[int, str] | None = None,
    *,
    for_reader: bool = True,
    events: Iterable[DeliveryEvent] = (),
) -> list[str]:
    """A line per step. `folders`: names by number, of a reader whose keys are open. `for_reader`: the last lines are
    what happened (`events`) and what came of it, which tells whether it was read.
    """
    first = text(locale, DECIDED, type=text(locale, TYPES[delivery.document_type]))
    last = [*_happened(events, locale), text(locale, STATES[delivery.state])] if for_reader else []
    if delivery.reasons is None:
        return [first, text(locale, FORGOTTEN), *last]
    return [first, *steps(reasons_of(delivery.reasons), locale, folders), *last]


def _happened(events: Iterable[DeliveryEvent], locale: str) -> list[str]:
    """In their order; each once."""
    known = (each for each in events if each.kind in EVENTS)
    return list(dict.fromkeys(text(locale, EVENTS[each.kind], detail=each.detail or "-") for each in known))


def reasons_of(stored: str) -> tuple[Reason, ...]:
    """From the JSON that a delivery keeps."""
    return tuple(
        Reason(Code(each["code"]), each["field"], each["value"], Level(each["level"]) if each["level"] else None)
        for each in json.loads(stored)
    )


def steps(reasons: Iterable[Reason], locale: str, folders: Mapping[int, str] | None = None) -> list[str]:
    """A line for each reason."""
    return [_step(reason, locale, folders or {}) for reason in reasons]


def value_words(field: str, value: str, locale: str, folders: Mapping[int, str] | None = None) -> str:
    """The text form of a field's value, as people say it."""
    match field:
        case "type":
            return text(locale, TYPES[DocumentType(value)])
        case "channel":
            return text(locale, CHANNELS[Channel(value)])
        case "notify":
            return text(locale, NOTIFY[Notify(value)])
        case "ladder":
            return ladder_words(Ladder.parse(value), locale)
        case "mailbox_id":
            return _folder(value, locale, folders or {})
        case "retention_days":
            return _word(locale, "days", days=value) if value != "0" else _word(locale, "forever")
        case "receipts":
            return _word(locale, "yes" if value == "True" else "no")
        case "language":
            return LANGUAGES.get(value, value)
    return value or _word(locale, "none")


def ladder_words(ladder: Ladder, locale: str) -> str:
    """Such as `day 3: reminder, day 14: on paper`."""
    rungs = [text(locale, RUNGS[rung], day=day) for day, rung in ladder.rungs]
    return ", ".join(rungs) or _word(locale, "nothing")


def _step(reason: Reason, locale: str, folders: Mapping[int, str]) -> str:
    why = text(locale, CODES[reason.code] if reason.level is None else LEVELS[reason.level])
    if reason.is_rung_left_out:
        return text(locale, LEFT_OUT, step=ladder_words(Ladder.parse(reason.value), locale), why=why)
    value = value_words(reason.field, reason.value, locale, folders)
    return text(locale, STEP, field=text(locale, FIELDS[reason.field]), value=value, why=why)


def _folder(value: str, locale: str, folders: Mapping[int, str]) -> str:
    if not value:
        return _word(locale, "inbox")
    return folders.get(int(value)) or _word(locale, "own")


def _word(locale: str, name: str, **values: object) -> str:
    return text(locale, _WORDS[name], **values)
