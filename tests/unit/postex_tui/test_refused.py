"""What a form says of a refusal, and which field it leads to."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from bridge.i18n import text
from postex_tui.answers import Refusal
from postex_tui.screens import refused

LABELS = {"email": "Adres", "name": "Naam", "quota": "Ruimte", "until": "Tot", "reason": "Reden"}
TYPED = dict.fromkeys(LABELS, "x")


@pytest.mark.parametrize(
    ("code", "error", "typed", "said"),
    [
        (
            "invalid-request",
            {"field": "body.reason", "limit": {"min_length": 1}},
            {"reason": ""},
            "Reden: vul dit in.",
        ),
        ("invalid-request", {"field": "body.email"}, {"email": ""}, "Adres: vul dit in."),
        ("invalid-request", {"field": "body.name", "limit": {"max_length": 9}}, {}, "Naam: hoogstens 9 tekens."),
        ("invalid-request", {"field": "body.reason", "limit": {"min_length": 4}}, {}, "Reden: minstens 4 tekens."),
        ("invalid-request", {"field": "body.quota_bytes", "limit": {}}, {}, "in other words"),
        ("invalid", {"field": "address", "reason": "address: local@domain"}, {}, "in other words"),
        ("no-time", {"given": "gisteren"}, {"until": "gisteren"}, "gisteren is geen tijd. Schrijf"),
        ("no-time", {"given": ""}, {"until": "", "name": ""}, "Tot: geef een dag"),
    ],
)
def test_the_field_that_is_wrong_is_named(
    code: str, error: Mapping[str, Any], typed: dict[str, str], said: str
) -> None:
    refusal = Refusal(code, "in other words", errors=[error])
    words, name = refused.told(refusal, LABELS, TYPED | typed, partial(text, "nl"))
    assert words.startswith(said)
    assert name is not None


def test_no_field_is_named_where_two_may_be_meant_or_none() -> None:
    say = partial(text, "en")
    two = Refusal("invalid", "words", errors=[{"field": "ends_at"}])
    assert refused.told(two, {"until": "", "ends": ""}, {"until": "", "ends": ""}, say) == ("words", None)
    assert refused.told(Refusal("busy", "words"), LABELS, TYPED, say) == ("words", None)
    assert refused.told(Refusal("busy", "words"), {"file": "File"}, {"file": "x"}, say) == ("words", "file")
    assert refused.told(
        Refusal("not-found", "words"), {"account": "", "role": ""}, {"account": "x", "role": ""}, say
    ) == (
        "words",
        "account",
    )
