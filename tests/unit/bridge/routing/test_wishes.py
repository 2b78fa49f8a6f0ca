"""Words of readers: what is understood, and what is not and so changes nothing (D2)."""

import pytest

from bridge.routing.wishes import Act, Wish, is_silent, read
from storage.deliveries.terms import Channel


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("papier graag", Channel.PAPER),
        ("Paper, please!", Channel.PAPER),
        ("Graag op papier.\n\nMet vriendelijke groet,\nAnna de Vries", Channel.PAPER),
        ("Beste mensen,\n\ne-mail graag\nAnna", Channel.EMAIL),
        ("via email please", Channel.EMAIL),
        ("STOP", Channel.REFUSE),
        ("unsubscribe", Channel.REFUSE),
        ("weigeren", Channel.REFUSE),
        ("postvak", Channel.MAILBOX),
        ("mailbox, thank you", Channel.MAILBOX),
    ],
)
def test_a_channel(text: str, channel: Channel) -> None:
    assert read(text) == Wish(Act.CHOOSE, channel)


@pytest.mark.parametrize("text", ["undo", "Ongedaan maken graag", "terugdraaien"])
def test_undo(text: str) -> None:
    assert read(text) == Wish(Act.UNDO)


@pytest.mark.parametrize("text", ["preferences?", "Voorkeuren?", "mijn voorkeuren"])
def test_show(text: str) -> None:
    assert read(text) == Wish(Act.SHOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n \n",
        "papier of e-mail",
        "papier\n\ne-mail",
        "stop paper",
        "geen papier",
        "niet op papier graag",
        "no paper please",
        "Papier bitte",
        "papier s'il vous plaît",
        "Kunt u mij de factuur van mei nog eens op papier sturen?",
        "I read about your paper in the newspaper",
        "dank u wel",
        "undo, or paper",
        '"stop"',
        "« stop »",
        "„papier“ graag",
        "'stop'",
        "stop?",
        "papier graag?",
        'papier graag\n\nU schreef: "wilt u papier"',
    ],
)
def test_what_is_not_clear_is_not_understood(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("", True),
        ("This message was automatically generated.", True),
        ("Ik wil NIET stoppen", False),
        ("geen idee", False),
        ("e-mail", False),
    ],
)
def test_a_text_that_says_something_speaks_for_itself(text: str, silent: bool) -> None:
    assert is_silent(text) is silent
