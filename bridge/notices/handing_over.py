"""The notice of a document that a third party was to carry, and that lies in the mailbox alone (I2, I3, S39)."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.notices.rendering import Notice, Words
from storage.deliveries.terms import Channel

BY = {
    Channel.EXTERNAL: N_("to your mailbox elsewhere"),
    Channel.EMAIL: N_("by e-mail"),
    Channel.PAPER: N_("on paper"),
}
WHY = {
    "outside-europe": N_("that way leads out of Europe by now, where no document may go"),
    "carriers-declined": N_("you no longer agree that third parties carry documents that way"),
    "address-not-verified": N_("there is no confirmed e-mail address of yours"),
    "preflight-address-missing": N_("there is no postal address of yours"),
    "preflight-address-returned": N_("paper came back from your postal address"),
    "signed-long-lines": N_("it is signed, and has lines so long that mail systems would spoil the signature"),
    "no-external-mailbox": N_("there is no mailbox elsewhere that lets us in"),
    "over-quota": N_("that mailbox is full"),
    "too-big": N_("it is larger than that mailbox takes"),
    "gone": N_("its key here was destroyed when it was handed over before"),
    "superseded": N_("a later document of its sender has taken its place"),
    "printer-aborted": N_("the printer gave it up"),
    "printer-canceled": N_("the printing was cancelled"),
}
OTHERWISE = N_("it was not taken there ({problem})")


@dataclass(frozen=True, slots=True)
class HandOverFailed(Notice):
    """It names the document by its id alone."""

    subject = N_("A document could not be handed over; it lies here")
    paragraphs = (
        N_("On {at} it was found that a document for you cannot go {by}: {why}. Its id is {document}."),
        N_("On {at} a document came back that had gone {by}: {why}. Its id is {document}."),
        N_("Nothing is lost: it lies in this mailbox. It goes no further by itself: please read it here."),
        N_("The post office cannot open it any more, as its key was destroyed when it went: paper cannot follow."),
        N_("What else became of your documents on the same day: postex me transcript"),
    )
    document: str
    channel: Channel
    problem: str
    at: int
    came_back: bool
    """After it had been handed over."""

    def shown(self) -> tuple[str, ...]:
        failed, back, lost, key, others = self.paragraphs
        return (back, lost, key, others) if self.came_back else (failed, lost, others)

    def values(self, words: Words) -> Mapping[str, str]:
        why = WHY.get(self.problem)
        return {
            "at": words.moment(self.at),
            "by": words(BY[self.channel]),
            "why": words(OTHERWISE, problem=self.problem) if why is None else words(why),
            "document": self.document,
        }
