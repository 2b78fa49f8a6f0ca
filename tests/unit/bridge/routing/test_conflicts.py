"""What an act may not do: judged by what it changes, not by what was so before."""

from dataclasses import replace

from bridge.routing import conflicts
from bridge.routing.decision import Places
from storage.choices.history import Row
from storage.deliveries.terms import Channel, Choice, Preference, ReaderFacts

WHERE = Places({Channel.PAPER: "NL"}, frozenset({"NL"}))
WITHOUT_ADDRESS = ReaderFacts(7, 3, False, "nl", True, False, None)
NOTHING, PAPER = Preference(Choice(), 7), Preference(Choice(channel=Channel.PAPER), 7)


def codes(old: Preference, new: Preference) -> list[str]:
    return [each.code for each in conflicts.of([Row(old, new)], WITHOUT_ADDRESS, [new], WHERE)]


def test_a_channel_that_cannot_be_had_is_not_chosen() -> None:
    assert codes(NOTHING, PAPER) == ["no-postal-address"]


def test_what_was_chosen_before_stands_in_the_way_of_nothing_else() -> None:
    """The address went since: the decision takes care of that, with its reason."""
    assert codes(PAPER, replace(PAPER, choice=replace(PAPER.choice, retention_days=30))) == []
