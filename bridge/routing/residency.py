"""Where documents may be (S36–S39): the EEA, Switzerland, the United Kingdom, unless settings say otherwise.

Contract. `europe` is what the setting `residency.countries` says; whatever it says is called Europe here. A document
is kept and carried there alone: `refusal` is why a bridge must not start, `handover` holds carriers to it.
"""

from collections.abc import Iterable

from bridge import countries
from bridge.settings import Settings
from storage.records import Domain

EEA = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE".split()  # noqa: SIM905
)
EUROPE = EEA | {"CH", "GB"}
"""ISO 3166-1 alpha-2."""
_REMEDY = "documents are kept in Europe only; see residency.countries in docs/settings.md"


def europe(settings: Settings) -> frozenset[str]:
    """Countries that documents may be in."""
    return frozenset(settings.residency.countries) or EUROPE


def refusal(settings: Settings, domains: Iterable[Domain]) -> str | None:
    """Why the bridge must not keep documents where it does; None if it may. Names the setting to change."""
    country = settings.storage.country
    if country:
        return None if country in europe(settings) else f"storage.country is {country}: {_REMEDY}"
    refusals = (refusal_of(settings, domain.name, domain.country) for domain in domains)
    return next((each for each in refusals if each is not None), None)


def refusal_of(settings: Settings, domain: str, country: str) -> str | None:
    """Likewise for one domain and the country that it says."""
    if settings.storage.country or countries.code(country) in europe(settings):
        return None
    return f"storage.country is empty, and the domain {domain} says {country}: {_REMEDY}"


def may_back_up(settings: Settings) -> bool:
    """Whether the folders of backups lie where documents may be."""
    return not settings.backup.country or settings.backup.country in europe(settings)
