"""Every text for people is there in every language, with the same placeholders (S6, S34)."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bridge import i18n
from bridge.settings import entries

ROOT = Path(__file__).parents[2]
OTHERS = [locale for locale in i18n.LOCALES if locale != i18n.SOURCE]


def marked() -> Iterator[tuple[str, str]]:
    """(place, message) of each text marked with N_ in the code, and of what explains a setting."""
    for entry in entries():
        yield from ((entry.name, message) for message in (entry.about, entry.meaning) if message)
    for folder in ("bridge", "postex_tui"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_":
                    argument = node.args[0]
                    place = f"{file.relative_to(ROOT)}:{node.lineno}"
                    assert isinstance(argument, ast.Constant), f"{place}: N_ marks a plain text"
                    yield place, argument.value


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def translations(locale: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in sorted((i18n.FOLDER / locale).glob("*.po")):
        with part.open("rb") as file:
            for message in read_po(file, locale=locale, abort_invalid=True):
                if message.id:
                    known = found.setdefault(message.id, message.string)
                    assert known == message.string, f"{part.name}: {message.id!r} is translated twice, differently"
    return found


@pytest.mark.parametrize("locale", OTHERS)
def test_every_marked_text_is_translated(locale: str) -> None:
    known = translations(locale)
    missing = [f"{place}: {message}" for place, message in marked() if not known.get(message)]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("locale", OTHERS)
def test_translations_have_the_placeholders_of_the_source(locale: str) -> None:
    wrong = [one for one, other in translations(locale).items() if placeholders(one) != placeholders(other)]
    assert not wrong


@pytest.mark.parametrize("locale", OTHERS)
def test_no_translation_is_left_over(locale: str) -> None:
    used = {message for _, message in marked()}
    assert not sorted(set(translations(locale)) - used)


def test_dutch_is_one_voice() -> None:
    """Mails, problems and the terminal say "u", and have one word for a thing."""
    others = re.compile(r"\b(je|jij|jou|jouw|jezelf|brug|herstelkit|ingelogd|uitgelogd|geschorst)\b", re.IGNORECASE)
    assert not [message for message in translations("nl").values() if others.search(message)]


def test_a_text_is_found_in_the_language_of_the_reader() -> None:
    message = "The request is not as it should be: see {fields}."
    assert i18n.text("nl", message, fields="x") == "Het verzoek is niet zoals het moet zijn: zie x."
    assert i18n.text("en", message, fields="x") == i18n.text("xx", message, fields="x")


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("nl", "nl"),
        ("nl-BE,en;q=0.5", "nl"),
        ("de, en;q=0.7, nl;q=0.6", "en"),
        ("fr", None),
        ("", None),
        (None, None),
        ("nl;q=0", None),
        ("en;q=x", None),
    ],
)
def test_the_language_asked_for(header: str | None, locale: str | None) -> None:
    assert i18n.accepted(header) == locale
