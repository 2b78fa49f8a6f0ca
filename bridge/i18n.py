"""Words for people in their language (S6, S34): gettext catalogues under `locale/<language>/`, English as source.

Contract. A text is marked where it is written, `N_("There is no account {account}.")`, and becomes words where the
reader is known: `text("nl", message, account=…)`. A language has one file per part of the product; they are read
together, at first use. Without a translation the English stands: tests see to it that none is missing. Protocol
text (SMTP, IMAP) does not pass here: it stays English ASCII.
"""

import gettext
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

FOLDER = Path(__file__).parent / "locale"
SOURCE = "en"
LOCALES = (SOURCE, "nl")
DEFAULT = "nl"
LANGUAGES = {"nl": "Nederlands", "en": "English"}
"""Names of the languages, each in its own."""


_SIGNS = {"nl": str.maketrans(",.", ".,")}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number among the values of a text, with so many `digits` behind the decimal sign: 1,234.5 or 1.234,5."""

    value: float
    digits: int = 0

    def written(self, locale: str) -> str:
        return f"{self.value:,.{self.digits}f}".translate(_SIGNS.get(locale, {}))


def N_(message: str) -> str:  # noqa: N802 - the mark that gettext's tools look for
    """Mark `message` for translation; returns it."""
    return message


def text(locale: str, message: str, **values: object) -> str:
    """`message` in the language of `locale` (an unknown one: English), its {placeholders} filled in."""
    told = {name: value.written(locale) if isinstance(value, Amount) else value for name, value in values.items()}
    return catalogue(locale).gettext(message).format(**told)


def accepted(header: str | None) -> str | None:
    """The first of our languages that an Accept-Language header asks for (RFC 9110 section 12.5.4); None if none."""
    wanted = sorted((_weighed(part) for part in (header or "").split(",")[:20]), key=lambda pair: -pair[0])
    return next((tag for weight, tag in wanted if weight > 0 and tag in LOCALES), None)


def _weighed(part: str) -> tuple[float, str]:
    tag, _, weight = part.strip().lower().partition(";q=")
    try:
        return float(weight or 1), tag.partition("-")[0].strip()
    except ValueError:
        return 0.0, ""


@cache
def catalogue(locale: str) -> gettext.NullTranslations:
    """All parts of a language in one; empty for the source language and for those that we do not have."""
    if locale == SOURCE or locale not in LOCALES:
        return gettext.NullTranslations()
    # Compiled here, once a start, so that a catalogue cannot lag behind its source.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    merged = read_po(BytesIO())
    for part in sorted((FOLDER / locale).glob("*.po")):
        with part.open("rb") as file:
            for message in read_po(file, locale=locale):
                if message.id:
                    merged.add(message.id, message.string)
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
