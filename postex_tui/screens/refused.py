"""What a form says of a refusal: in words what to type, and the field that it is about.

Contract. A refusal names what is wrong as the API calls it (`field`, such as body.expires_at, with the `limit` that
it missed) or by the time that was typed (`given`). A field is named only where one alone can be meant.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.language import Say
from postex_tui.terminal.safe_text import safe_text

NO_TIME = N_("{given} is no time. Write 2026-11-01 or 2026-11-01 08:30; times are in UTC.")
NO_DAY = N_("{field}: give a day, such as 2026-11-01.")
EMPTY = N_("{field}: fill this in.")
TOO_SHORT = N_("{field}: {least} characters at least.")
TOO_LONG = N_("{field}: {most} characters at most.")
SHORT = 40
"""Characters of what was typed that are said again."""
TIMES = frozenset({"until", "ends", "since", "before", "bar_until"})
"""Fields for days and times."""
SOUGHT = frozenset({"account", "domain", "recipient", "sender"})
"""Fields that name what may be none."""
CALLED = {
    "address": frozenset({"email"}),
    "domain name": frozenset({"domain", "name"}),
    "quota_bytes": frozenset({"quota"}),
    "expires_at": frozenset({"until"}),
    "ends_at": frozenset({"until", "ends"}),
    "end": frozenset({"until", "ends"}),
    "postal address": frozenset({"first"}),
    "lines": frozenset({"first"}),
}
"""Names that fields of forms have for what the API calls otherwise."""


def told(refusal: Refusal, labels: Mapping[str, str], values: Mapping[str, str], say: Say) -> tuple[str, str | None]:
    """The words, and the name of the field that they are about. `labels`: of all fields, by name."""
    for error in _errors(refusal, labels):
        meant = [name for name in labels if _is_meant(name, error, values)]
        if len(meant) == 1:
            return _words(refusal, error, labels[meant[0]], values[meant[0]], say), meant[0]
    return refusal.message, None


def _errors(refusal: Refusal, labels: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    """With what can be known of a refusal that names no field."""
    only = [{"field": name} for name in labels] if len(labels) == 1 else []
    sought = [{"field": name} for name in labels if name in SOUGHT] if refusal.code == "not-found" else []
    return [*refusal.errors, *only, *(sought if len(sought) == 1 else [])]


def _is_meant(name: str, error: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    if "given" in error:
        return name in TIMES and values.get(name) == error["given"]
    called = str(error.get("field", "")).removeprefix("body.").partition(".")[0]
    return name == called or name in CALLED.get(called, ())


def _words(refusal: Refusal, error: Mapping[str, Any], label: str, typed: str, say: Say) -> str:
    limit, is_of_fields = error.get("limit") or {}, refusal.code == "invalid-request"
    if "given" in error:
        return say(NO_TIME, given=safe_text(typed, SHORT)) if typed else say(NO_DAY, field=label)
    if is_of_fields and not typed:
        return say(EMPTY, field=label)
    if "max_length" in limit:
        return say(TOO_LONG, field=label, most=limit["max_length"])
    return say(TOO_SHORT, field=label, least=limit["min_length"]) if "min_length" in limit else refusal.message
