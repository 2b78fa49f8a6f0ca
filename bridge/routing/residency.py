"""Where documents may go (S36–S39): the EEA, Switzerland, the United Kingdom, unless settings say otherwise."""

EEA = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE".split()  # noqa: SIM905
)
EUROPE = EEA | {"CH", "GB"}
"""ISO 3166-1 alpha-2."""
