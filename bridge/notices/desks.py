"""What a desk tells a writer who is signed in: the number of a question, and its answer (S5, S31)."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.i18n import N_
from bridge.mail.writing import flat
from bridge.notices.rendering import Notice, Words


@dataclass(frozen=True, slots=True)
class QuestionReceived(Notice):
    """It was received, and has a number."""

    subject = N_("Your question has number {number}")
    paragraphs = (
        N_("Your message to {desk} was received on {at} and has number {number}. A person will read it."),
        N_("It is kept with your account's data and goes with it."),
    )
    number: str
    desk: str
    at: int

    def values(self, words: Words) -> Mapping[str, str]:
        return {"number": self.number, "desk": self.desk, "at": words.moment(self.at)}


@dataclass(frozen=True, slots=True)
class QuestionAnswered(Notice):
    """In the words of a person."""

    subject = N_("Answer to your question {number}")
    paragraphs = (N_("This is the answer to your question {number} of {at}:"),)
    closing = N_("To ask further, answer this message: that is a question with a number of its own.")
    number: str
    at: int
    text: str
    """Paragraphs end with a line feed."""
    desk: str
    """Its address."""

    def values(self, words: Words) -> Mapping[str, str]:
        return {"number": self.number, "at": words.moment(self.at)}

    def body(self, words: Words) -> list[str]:
        """The person's words indented: what the post office says itself is told from them."""
        own = "\n".join(f"  {flat(line)}" if line.strip() else "" for line in self.text.strip().splitlines())
        return [*Notice.body(self, words), own, words(self.closing)]

    def further(self) -> tuple[tuple[str, str], ...]:
        return (("Reply-To", self.desk),)
