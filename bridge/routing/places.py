"""What the settings say of where channels lead: the `Places` of the decision."""

from bridge.routing.decision import Places
from bridge.routing.residency import europe
from bridge.settings import Settings


def of(settings: Settings) -> Places:
    """No relay and no printer until the settings have them."""
    return Places(countries={}, europe=europe(settings))
