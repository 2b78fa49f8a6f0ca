"""Device passwords, and who is signed in with them. Times: epoch seconds UTC."""

from typing import Annotated, Literal

from pydantic import Field

from bridge.api.schemas import Schema
from storage.access.devices import MAX_LABEL
from storage.records import Origin, Scope

Label = Annotated[str, Field(min_length=1, max_length=MAX_LABEL)]
Networks = Annotated[tuple[Annotated[str, Field(max_length=50)], ...], Field(max_length=20)]
Moment = Annotated[int, Field(ge=0, le=2**53)]


class DeviceOut(Schema):
    """What is not the reader's to see is null: helpers see neither labels nor where a device was used."""

    id: int
    label: str | None
    scopes: list[Scope]
    origin: Origin
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None
    """Start of the day."""
    networks: list[str] | None
    """CIDR; empty: from everywhere."""
    last_network: str | None
    """/24 or /48."""
    last_client: str | None
    """Kept only where the account allows it (`client_noted`)."""
    sessions: int
    """Live ones at this moment."""


class DevicesOut(Schema):
    account: str
    email: str | None
    devices: list[DeviceOut]


class DeviceIn(Schema):
    label: Label
    scopes: Annotated[frozenset[Scope] | None, Field(min_length=1)] = None
    """Without them what the account's role needs: imap, or smtp-send for a sender."""
    networks: Networks = ()
    expires_at: Moment | None = None
    secret: Annotated[str | None, Field(max_length=200)] = None
    """For the operator of the machine: a device password (scope imap) or enrolment code that opens the account."""


class NewDeviceOut(Schema):
    """The password is shown this once."""

    device: DeviceOut
    username: str
    password: str


class DeviceChangeIn(Schema):
    """What is left out stays; null takes the end away. What a device may do cannot be changed."""

    label: Label | None = None
    networks: Networks | None = None
    expires_at: Moment | None = None


class SessionOut(Schema):
    id: str
    kind: Literal["mail", "control"]
    door: str
    """Listener, such as imaps or smtps; `control` for the control API."""
    device: int | None
    label: str | None
    """Of the device; null for those who may not see it."""
    since: int
    used_at: int | None
    """Of a control session, to half a minute."""
    network: str | None
    tls_version: str | None
    tls_cipher: str | None
    client: str | None
    current: bool
    """The session that asks."""


class LiveSessionOut(SessionOut):
    """With whose it is, as far as the reader may know."""

    account: str
    """Public id."""
    email: str | None
    name: str | None


class SessionsOut(Schema):
    account: str
    sessions: list[SessionOut]
