"""The state of the bridge."""

from bridge.api.schemas import Schema


class HealthOut(Schema):
    hostname: str
    writable: bool


class FirstRunOut(Schema):
    owned: bool
    """Whether an owner has enrolled."""
