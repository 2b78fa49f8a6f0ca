"""What storage takes no value for is said in words that tell what to type."""

import re
from pathlib import Path

import pytest

import storage
from bridge.api import value_words
from bridge.i18n import text
from storage.errors import Invalid
from storage.people import addresses, particulars

CALL = re.compile(r'Invalid\(f?"((?:[^"\\]|\\.)*)"')


def told(rule: str, locale: str = "en") -> str:
    message, values = value_words.said(rule)
    return text(locale, message, **values)


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "Type a whole address, such as anna@example.org."),
        ("nl", "Typ een heel adres, zoals anna@example.org."),
    ],
)
def test_an_empty_address_is_told_what_to_type(locale: str, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        addresses.normal("")
    assert told(str(refused.value), locale) == words


def test_numbers_and_names_of_the_rule_are_in_the_words() -> None:
    with pytest.raises(Invalid) as refused:
        particulars.checked_name("")
    assert told(str(refused.value)) == f"Type a name of 1 to {particulars.MAX_NAME} characters, on one line."
    assert told("address: in the domain example.org") == "Type an address that ends in @example.org."
    assert told("postal address: 2 to 5 lines, without the name and the country").startswith("Type 2 to 5 lines,")
    assert told("email: cannot be empty") == "A name and an address cannot be left empty."
    assert told("flag: such as this") == "A value is not taken. flag: such as this."


def test_every_word_is_of_a_rule_that_storage_has() -> None:
    files = Path(storage.__file__).parent.rglob("*.py")
    rules = [rule for file in files for rule in CALL.findall(file.read_text())]
    rules += ["postal address: one line each", "basis: 1 to"]  # of the API itself, and of holds by the field's name
    assert not [start for start in value_words.WORDS if not any(rule.startswith(start) for rule in rules)]
