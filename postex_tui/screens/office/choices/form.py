"""A change of a domain's choices, filled in and then previewed: how many recipients, from what to what (D4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.language import Say
from postex_tui.screens.choosing import UNSAID, days_of, ladder_asks, ladder_wanted
from postex_tui.screens.dialogs import Ask
from postex_tui.screens.pairs import PairForm
from postex_tui.screens.words.choices import CHANNELS, FIELDS, NOTIFY, TYPES, value_words

SHOWN_MOVES = 6
"""Kinds of change that a preview names; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be sent, and what it would do."""

    body: Mapping[str, Any]
    preview: Mapping[str, Any]


class DomainChoiceForm(PairForm):
    """`level`: of the domain's preferences, what stands there now. Gives a `Planned`."""

    def __init__(self, level: Mapping[str, Any], domain: str, path: str, say: Say) -> None:
        self._level, self._path = level, path
        what = say(TYPES[level["type"]]) if level["type"] else say(N_("all types"))
        title = say(N_("{domain} chooses: {what}"), domain=domain, what=what)
        super().__init__(title, list(_asks(level, say)), say(N_("Preview")), submit=self._planned)

    async def _planned(self, values: Mapping[str, str]) -> Planned:
        body = _changed(values, self._level, self.say)
        if not body:
            raise Refusal("nothing-chosen", self.say(N_("Nothing is different yet.")))
        body |= {"type": self._level["type"], "road": "tui"}
        asked = {**body, "for_sender": values["for_sender"].lower() or None}
        preview = await self.api.post(f"{self._path}/preview", asked)
        if preview["refused"] is not None:
            raise Refusal("refused", preview["refused"])
        return Planned(body, preview)


def preview_words(preview: Mapping[str, Any], domain: str, say: Say) -> str:
    """What will happen, to how many."""
    lines = [
        say(
            N_("Of {all} recipients of {domain}, documents come otherwise to {changed}."),
            all=preview["recipients"],
            changed=preview["changed"],
            domain=domain,
        )
    ]
    lines += [f"  {_move(each, say)}" for each in preview["moves"][:SHOWN_MOVES]]
    if preview["keep"]:
        lines.append(say(N_("{count} keep what they chose themselves."), count=preview["keep"]))
    lines += [
        say(N_("Not for {count}: {why}"), count=each["recipients"], why=each["why"]) for each in preview["hindered"]
    ]
    lines.append(say(N_("It can be undone for 24 hours. Documents that came already stay as they are.")))
    return "\n".join(lines)


def _move(move: Mapping[str, Any], say: Say) -> str:
    old, new = (_value(move["field"], move[side], say) for side in ("old", "new"))
    title = say(FIELDS[move["field"]])
    return f"{title}: {old} → {new}: {move['recipients']}"


def _value(field: str, value: str, say: Say) -> str:
    return value_words(field, {field: int(value) if field == "retention_days" else value}, say)


def _asks(level: Mapping[str, Any], say: Say) -> Iterable[Ask]:
    choice = level["choice"]
    unsaid = (say(N_("chooses nothing")), UNSAID)

    def options(words: Mapping[str, str]) -> list[tuple[str, str]]:
        return [unsaid, *((say(word), value) for value, word in words.items())]

    yield Ask("channel", say(N_("Channel")), choice["channel"] or "", options=options(CHANNELS))
    yield Ask("notify", say(N_("Notice")), choice["notify"] or "", options=options(NOTIFY))
    yield Ask("quiet", say(N_("Quiet hours")), choice["quiet"] or "", say(N_("such as 22:00-07:00")))
    yield from ladder_asks(choice["ladder"], unsaid, say)
    days = "" if choice["retention_days"] is None else str(choice["retention_days"])
    yield Ask("retention_days", say(N_("Kept (days)")), days, say(N_("days; 0: until it is erased")))
    if level["type"] is not None:
        refusal = [(say(N_("possible")), ""), (say(N_("not possible: it comes all the same")), "never")]
        yield Ask("mandatory", say(N_("Refusal")), "never" if level["mandatory"] else "", options=refusal)
    yield Ask("for_sender", say(N_("Preview for sender")), "", say(N_("any; or an address")))


def _changed(values: Mapping[str, str], level: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Of a request: what is to be otherwise. Refusal."""
    choice = level["choice"]
    wanted: dict[str, Any] = {name: values[name] or None for name in ("channel", "notify", "quiet")}
    wanted["ladder"] = ladder_wanted(values, say)
    wanted["retention_days"] = days_of(values["retention_days"], say)
    body = {name: value for name, value in wanted.items() if value is not None and value != choice[name]}
    cleared = [name for name, value in wanted.items() if value is None and choice[name] is not None]
    mandatory = bool(values.get("mandatory"))
    if mandatory != level["mandatory"]:
        body["mandatory"] = mandatory
    return body | ({"clear": cleared} if cleared else {})
