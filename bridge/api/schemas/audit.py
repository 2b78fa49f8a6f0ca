"""The audit log, its heads and its verification. Times: epoch seconds UTC."""

from typing import Any

from pydantic import Field

from bridge.api.schemas import Schema

HEX_32 = r"^[0-9a-f]{64}$"
BASE64_64 = r"^[A-Za-z0-9+/]{86}==$"


class PartyOut(Schema):
    """Who did something, or what it was done to, as far as the reader may know."""

    noun: str = Field(description="account, domain, document, operator, system, outside, …")
    id: str | None = Field(description="Public id, or the pseudonym that an auditor sees.")
    name: str | None
    role: str | None


class AuditEventOut(Schema):
    position: int
    at: int
    kind: str = Field(description="`<noun>.<what happened>`.")
    actor: PartyOut
    subject: PartyOut
    detail: dict[str, Any] | None = Field(description="Ids and counts; null where the role sees none.")


class AuditEventWhole(AuditEventOut):
    """One event with its place in the chain, for those who may verify the log."""

    hash: str | None = Field(description="SHA-256, hex; null for who may not verify the log.")
    previous: str | None = Field(description="Of the event before it.")


class SignedHead(Schema):
    """Where the log stood at a time; `signature` is over the canonical JSON of the other three members."""

    position: int = Field(ge=0, lt=2**63)
    hash: str = Field(pattern=HEX_32, description="SHA-256, hex.")
    at: int = Field(ge=-(2**63) + 1, lt=2**63)
    signature: str = Field(pattern=BASE64_64, description="Ed25519, base64.")


class HeadOut(SignedHead):
    public_key: str = Field(description="Ed25519, hex: checks the signature anywhere.")


class VerificationIn(Schema):
    head: SignedHead | None = Field(default=None, description="A head that was kept outside.")


class HeadStanding(Schema):
    position: int
    at: int
    standing: str = Field(
        description="holds; cut: the log ends before; rewritten: another event stands there; foreign: not signed by"
        " this bridge."
    )


class VerificationOut(Schema):
    holds: bool = Field(description="The chain, its index, and the head given.")
    position: int = Field(description="Of the last event that holds.")
    hash: str
    first_bad: int | None = Field(description="First position where something does not hold.")
    broken_at: int | None = Field(description="First event that was altered, removed or put in.")
    misindexed_at: int | None = Field(description="First event whose index of accounts and domains is wrong.")
    head: HeadStanding | None
