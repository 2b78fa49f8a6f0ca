"""What strangers sign on port 25 costs a worker little, whatever keys they publish and however much they sign."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bridge.smtp import dkim_signatures
from bridge.smtp.dkim_signatures import signatures, verdicts


def signature(domain: str, bits: int = 2048) -> bytes:
    """One that does not hold; of the right length."""
    body = base64.b64encode(hashlib.sha256(b"x\r\n").digest()).decode()
    value = base64.b64encode(b"\x01" * (bits // 8)).decode()
    tags = f"v=1; a=rsa-sha256; c=simple/simple; d={domain}; s=k; h=from; bh={body}; b={value}"
    return f"DKIM-Signature: {tags}\r\n".encode()


def record(bits: int) -> bytes:
    modulus = (1 << (bits - 1)) | 1
    der = RSAPublicNumbers(65_537, modulus).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


@pytest.mark.parametrize(("bits", "result"), [(2048, "fail"), (4096, "fail"), (8192, "permerror")])
def test_keys_of_a_size_that_nobody_needs_are_not_used(bits: int, result: str) -> None:
    header = signature("e.test", bits) + b"From: a@e.test\r\n"
    records = {"k._domainkey.e.test": record(bits)}
    (verdict,) = verdicts(header + b"\r\nx\r\n", signatures(header), records)
    assert verdict.result == result


def test_of_a_large_message_the_signature_that_counts_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dkim_signatures, "MOST_HASHED", 10_000)
    header = b"".join(signature(f"d{number}.test") for number in range(5)) + b"From: a@d3.test\r\n"
    found, records = signatures(header), {f"k._domainkey.d{number}.test": record(2048) for number in range(5)}
    assert len(verdicts(header + b"\r\nx\r\n", found, records)) > 1
    large = header + b"\r\n" + b"x" * 10_000 + b"\r\n"
    (verdict,) = verdicts(large, found, records, frozenset({"d3.test"}))
    assert verdict.domain == "d3.test"
