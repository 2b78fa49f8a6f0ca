"""Fields that every form of choices has: steps for unread documents, days kept."""

from collections.abc import Iterable, Mapping

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.language import Say
from postex_tui.screens.dialogs import Ask
from postex_tui.screens.words.choices import STEPS

UNSAID = ""


def ladder_asks(ladder: str | None, unsaid: tuple[str, str], say: Say) -> Iterable[Ask]:
    """What is done while a document stays unread, and on which days."""
    days = {name: [] for name in ("remind", "email", "paper")}  # type: dict[str, list[str]]
    for rung in (ladder or "").split():
        day, _, kind = rung.partition(":")
        days[kind].append(day)
    stands = UNSAID if ladder is None else STEPS if ladder else "none"
    options = [unsaid, (say(N_("nothing is done")), "none"), (say(N_("these steps:")), STEPS)]
    yield Ask("ladder", say(N_("If it stays unread")), stands, options=options)
    titles = (N_("… remind me on day"), N_("… by e-mail on day"), N_("… on paper on day"))
    for (name, of), title in zip(days.items(), titles, strict=True):
        yield Ask(name, say(title), " ".join(of), say(N_("such as 3, or 3 10")))


def ladder_wanted(values: Mapping[str, str], say: Say) -> str | None:
    """None: not chosen. Refusal if steps are wanted and none is given."""
    ladder = {UNSAID: None, "none": ""}.get(values["ladder"], ladder_of(values))
    if values["ladder"] == STEPS and not ladder:
        words = say(N_("Give a day for at least one step, such as 3."))
        raise Refusal("no-steps", words, errors=[{"field": "remind"}])
    return ladder


def ladder_of(values: Mapping[str, str]) -> str:
    """As the API writes it, its days in their order."""
    rungs = [(day, kind) for kind in ("remind", "email", "paper") for day in values[kind].replace(",", " ").split()]
    rungs.sort(key=lambda rung: int(rung[0]) if rung[0].isascii() and rung[0].isdigit() else 0)
    return " ".join(f"{day}:{kind}" for day, kind in rungs)


def days_of(text: str, say: Say) -> int | None:
    """None: not chosen. Refusal."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        words = say(N_("Kept: a number of days, such as 365; 0 keeps until it is erased."))
        raise Refusal("no-days", words, errors=[{"field": "retention_days"}])
    return int(text)
