"""What deliveries and jobs of the outbox are called, and what went wrong with one, in words (docs/admins.md)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.i18n import N_
from postex_tui.language import Say
from postex_tui.screens.words.accounts import LONGEST
from postex_tui.screens.words.choices import CHANNELS, RUNGS
from postex_tui.screens.words.times import day, moment
from postex_tui.terminal.safe_text import safe_text

STATES = {
    "held": N_("held back"),
    "accepted": N_("on its way"),
    "handed-off": N_("handed over"),
    "delivered": N_("in mailbox"),
    "refused": N_("refused"),
}
STATES_MEAN = {
    "held": N_("In a batch that its sender has not committed: nobody sees it yet."),
    "accepted": N_("It lies in the mailbox, and is meant for a carrier that does not have it yet."),
    "handed-off": N_("Its carrier took it. A copy lies in the mailbox."),
    "delivered": N_("It lies in the mailbox alone: so it was chosen, or the way elsewhere failed."),
    "refused": N_("Its recipient does not want such documents. Its sender was told."),
}
KINDS = {
    "external": N_("mailbox elsewhere"),
    "email": N_("e-mail"),
    "paper": N_("paper"),
    "notice": N_("notice"),
}
JOB_STATES = {"dead": N_("given up"), "uncertain": N_("uncertain"), "waiting": N_("waits")}
JOB_STATES_MEAN = {
    "dead": N_("Given up: it is not tried again by itself. Try it again once the cause is mended, or cancel it."),
    "uncertain": N_(
        "Nobody knows whether it happened: the line broke, or the bridge stopped, at the very moment of handing over."
        " It is never tried again by itself, so that nothing happens twice. Look at the printer, the relay's log or"
        " the mailbox, and say which it is."
    ),
    "waiting": N_("It is tried at the time shown, and again after that if it fails."),
}
PROBLEMS = {
    "address-characters": N_("letters of the postal address cannot be printed"),
    "address-not-verified": N_("no verified e-mail address"),
    "cancelled": N_("cancelled by a person"),
    "carriers-declined": N_("the recipient agrees no longer to carriers"),
    "certificate": N_("the other server's certificate is not valid"),
    "disconnected": N_("the other server cut the line"),
    "fault": N_("a fault of this bridge; see the service log"),
    "field-not-allowed": N_("the carrier's contract does not allow it"),
    "folder-after-power-loss": N_("the power failed before the print folder took it"),
    "folder-lost-it": N_("it vanished from the print folder"),
    "folder-missing": N_("the print folder is not there"),
    "folder-unwritable": N_("nothing can be written into the print folder"),
    "gone": N_("the document is not there any more"),
    "mailbox-changed": N_("the mailbox elsewhere was changed meanwhile"),
    "no-address": N_("no address for notices"),
    "no-auth": N_("the relay offers no sign-in"),
    "no-contract": N_("no contract with the carrier is registered"),
    "no-external-mailbox": N_("no mailbox elsewhere that lets us in"),
    "no-folder": N_("the mailbox elsewhere has no such folder"),
    "no-relay": N_("no relay is set up"),
    "no-sign-in": N_("the mailbox elsewhere offers no sign-in"),
    "no-such-host": N_("the other server's name is unknown"),
    "no-such-service": N_("no service for notices that is known here"),
    "no-tls": N_("the other server offers no encryption"),
    "nonsense": N_("the other server's answer makes no sense"),
    "not-now": N_("the service took no notice"),
    "not-public": N_("the notice URL leads into a private network"),
    "not-verified": N_("the notice URL wants no certificates verified"),
    "outside-europe": N_("the way leads out of Europe"),
    "over-quota": N_("the mailbox elsewhere is full"),
    "preflight-address-missing": N_("no postal address"),
    "preflight-address-returned": N_("paper came back from the postal address"),
    "preflight-pdf-broken": N_("the PDF is damaged"),
    "preflight-pdf-encrypted": N_("the PDF is locked with a password"),
    "preflight-too-large": N_("too large to print"),
    "preflight-too-many-pages": N_("too many pages to print"),
    "printer-aborted": N_("the printer gave it up"),
    "printer-busy": N_("the printer is busy"),
    "printer-canceled": N_("cancelled at the printer"),
    "printer-errors": N_("printed with errors; perhaps not all of it"),
    "printer-knows-no-such-job": N_("the printer does not know it any more"),
    "printer-lost-document": N_("the printer lost the document"),
    "printer-nonsense": N_("the printer's answer makes no sense"),
    "printer-not-accepting": N_("the printer takes no jobs"),
    "printer-refused-http": N_("the print server refused"),
    "printer-silent": N_("the printer does not answer"),
    "printer-slow": N_("the printer answers too slowly"),
    "printer-stopped": N_("the printer has stopped; paper or toner?"),
    "printer-took-a-part": N_("the printer has a part of it"),
    "printer-unreachable": N_("the printer cannot be reached"),
    "printer-unsuitable": N_("the printer cannot print this"),
    "printer-without-pdf": N_("the printer takes no PDF"),
    "printing": N_("it is being printed"),
    "quiet-hours": N_("it waits for the end of quiet hours"),
    "refused": N_("the other server refused it"),
    "restored": N_("this bridge was restored from a backup"),
    "settle-fault": N_("handed over, but that could not be noted"),
    "settling": N_("it waits until the mailbox elsewhere is quiet"),
    "sign-in-not-now": N_("the mailbox elsewhere lets nobody in just now"),
    "sign-in-refused": N_("the mailbox elsewhere refuses the password"),
    "signed-long-lines": N_("it is signed, and its lines are too long for mail"),
    "tampered": N_("what is stored does not open: the disk or a hand"),
    "target": N_("the notice URL cannot be used"),
    "timeout": N_("no answer in time"),
    "too-big": N_("larger than the other server takes"),
    "unknown-host": N_("the server of the notice URL is unknown"),
    "unreachable": N_("the other server cannot be reached"),
}
SAID = N_("the other mail server said {code}")
_REPLY = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
BRIEF = {**CHANNELS, **KINDS, "external": N_("elsewhere")}
"""In a column."""
DAY = 86_400
NOBODY = "–"


def problem_words(code: str | None, say: Say) -> str:
    """Of the last failure; codes that this app does not know are shown as they are."""
    if not code:
        return ""
    if code in PROBLEMS:
        return say(PROBLEMS[code])
    return say(SAID, code=code) if _REPLY.fullmatch(code) else code


def whose(item: Mapping[str, Any]) -> str:
    """Address of the reader, as far as it is shown."""
    return safe_text(item["email"] or item["account"] or NOBODY, LONGEST)


def due_words(job: Mapping[str, Any], say: Say) -> str:
    """When it is tried, or since when it is not."""
    if job["due_at"] is not None:
        return say(N_("next attempt {when}"), when=moment(job["due_at"]))
    return say(N_("since {when}"), when=moment(job["since"]))


def rungs(delivery: Mapping[str, Any], say: Say) -> Iterator[tuple[str, bool]]:
    """Each rung of the ladder with its day as it was decided, and whether that is still to come."""
    for rung in (delivery["ladder"] or "").split():
        days, _, kind = rung.partition(":")
        at = delivery["decided_at"] + int(days) * DAY
        yield f"{day(at)}: {say(RUNGS[kind], day=days)}", at > delivery["now"]


def brief(at: int) -> str:
    """Such as `11-01 08:30`, in UTC, for a column."""
    return (moment(at) or "")[5:]


def next_step(delivery: Mapping[str, Any], say: Say) -> str | None:
    """What the ladder does next if the document lies unread then: whether it does is its reader's alone (D9)."""
    ahead = [words for words, is_ahead in rungs(delivery, say) if is_ahead]
    if not delivery["ladder"]:
        return None
    return say(N_("{step}, if it is unread then"), step=ahead[0]) if ahead else say(N_("all its days are over"))
