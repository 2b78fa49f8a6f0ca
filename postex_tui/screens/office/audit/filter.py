"""Which events of the audit log are wanted: what is asked of the person, of the API, and how it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.language import Say
from postex_tui.moments import as_epoch
from postex_tui.screens.dialogs import Ask
from postex_tui.screens.office.audit.words import GROUPS, KINDS

NO_POSITION = N_("{given} is no position. Write a number, such as 1200.")
ALL = N_("All events, newest first.")
_TIMES = {"since": N_("from {value}"), "until": N_("until {value}")}
_TOLD = {
    "account": N_("by or about {value}"),
    "actor": N_("by {value}"),
    "subject": N_("about {value}"),
    **_TIMES,
    "position": N_("from position {value} on"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """`given`: what the person wrote, by the names that the API has; what is empty is not asked."""

    given: Mapping[str, str] = field(default_factory=dict)

    def query(self, say: Say) -> dict[str, str | int | bool | None]:
        """What is asked of the API; `Refusal` for what is no time or no number."""
        asked: dict[str, str | int | bool | None] = {name: value for name, value in self.given.items() if value}
        for name in _TIMES.keys() & asked.keys():
            asked[name] = as_epoch(self.given[name])
        if "position" in asked:
            asked["position"] = position(say, self.given["position"])
        return asked

    def words(self, say: Say) -> str:
        """One line for the reader."""
        kind = self.given.get("kind", "")
        told = [_kind(say, kind)] if kind else []
        told += [say(_TOLD[name], value=value) for name, value in self.given.items() if value and name in _TOLD]
        return " · ".join(told) or say(ALL)

    def asks(self, say: Say) -> list[Ask]:
        """Fields of a form that make another one."""
        person = say(N_("Address or id; as auditor a pseudonym"))
        when = "2026-11-01 08:30"
        return [
            Ask("kind", say(N_("Kind")), self.given.get("kind", ""), options=_options(say)),
            Ask("account", say(N_("By or about")), self.given.get("account", ""), person),
            Ask("actor", say(N_("By")), self.given.get("actor", ""), person),
            Ask("subject", say(N_("About")), self.given.get("subject", ""), person),
            Ask("since", say(N_("From (UTC)")), self.given.get("since", ""), when),
            Ask("until", say(N_("Until (UTC)")), self.given.get("until", ""), when),
        ]


def position(say: Say, given: str) -> int:
    """`Refusal` if it is none."""
    if not (given.isascii() and given.isdigit() and 0 < len(given) < 19 and int(given)):
        raise Refusal("no-position", say(NO_POSITION, given=given))
    return int(given)


def _kind(say: Say, name: str) -> str:
    return say(GROUPS.get(name) or KINDS.get(name) or name)


def _options(say: Say) -> list[tuple[str, str]]:
    """Groups, and below each what belongs to it."""
    shown = [(say(N_("all kinds")), "")]
    for group, title in sorted(GROUPS.items(), key=lambda each: say(each[1])):
        shown.append((say(title), group))
        shown += [(f"   {say(words)}", kind) for kind, words in KINDS.items() if kind.startswith(f"{group}.")]
    return shown
