"""Where documents may be (S36–S39): the EEA, Switzerland, the United Kingdom, unless settings say otherwise.

Contract. `europe` is what the setting `residency.countries` says; whatever it says is called Europe here. A document
is kept and carried there alone: `refusal` is why a bridge must not start, `handover` holds carriers to it.
"""

from collections.abc import Iterable

from bridge.settings import Settings
from storage.records import Domain

EEA = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE".split()  # noqa: SIM905
)
EUROPE = EEA | {"CH", "GB"}
"""ISO 3166-1 alpha-2."""


def europe(settings: Settings) -> frozenset[str]:
    """Countries that documents may be in."""
    return frozenset(settings.residency.countries) or EUROPE


def refusal(settings: Settings, domains: Iterable[Domain]) -> str | None:
    """Why the bridge must not keep documents where it does; None if it may. Names the setting to change."""
    allowed = europe(settings)
    remedy = "documents are kept in Europe only; see residency.countries in docs/settings.md"
    if settings.storage.country:
        inside = settings.storage.country in allowed
        return None if inside else f"storage.country is {settings.storage.country}: {remedy}"
    for domain in domains:
        if domain.country not in allowed:
            return f"storage.country is empty, and the domain {domain.name} says {domain.country}: {remedy}"
    return None


def may_back_up(settings: Settings) -> bool:
    """Whether the folders of backups lie where documents may be."""
    return not settings.backup.country or settings.backup.country in europe(settings)
