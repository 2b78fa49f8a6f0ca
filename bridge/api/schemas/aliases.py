"""Further addresses of an account, and those it may write as."""

from bridge.api.schemas import Schema
from bridge.api.schemas.accounts import Text


class AliasOut(Schema):
    address: str
    only_from: str | None
    """The one sender that may use it: an address, or @ and a domain."""
    label: str | None
    created_at: int | None


class AliasesOut(Schema):
    aliases: list[AliasOut]


class AliasIn(Schema):
    address: Text
    only_from: Text | None = None
    label: Text | None = None


class IdentitiesOut(Schema):
    identities: list[str]


class IdentityAddressIn(Schema):
    address: Text


class TrustOut(Schema):
    """What lets a sender hand in without signing in."""

    networks: list[str]
    """CIDR."""
    dkim_domains: list[str]


class TrustIn(Schema):
    networks: tuple[Text, ...] = ()
    dkim_domains: tuple[Text, ...] = ()
