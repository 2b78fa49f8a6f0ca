"""What strangers sign on port 25 costs a worker little, whatever keys they publish and however much they sign."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bridge.smtp.dkim_signatures import signatures, verdicts
from tests.costs import at_most


def signature(domain: str, bits: int = 2048, form: str = "simple/simple", signed: str = "from") -> bytes:
    """One that does not hold; of the right length."""
    body = base64.b64encode(hashlib.sha256(b"x\r\n").digest()).decode()
    value = base64.b64encode(b"\x01" * (bits // 8)).decode()
    tags = f"v=1; a=rsa-sha256; c={form}; d={domain}; s=k; h={signed}; bh={body}; b={value}"
    return f"DKIM-Signature: {tags}\r\n".encode()


def record(bits: int) -> bytes:
    modulus = (1 << (bits - 1)) | 1
    der = RSAPublicNumbers(65_537, modulus).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


@pytest.mark.parametrize(("bits", "result"), [(2048, "fail"), (4096, "fail"), (8192, "permerror")])
def test_keys_of_a_size_that_nobody_needs_are_not_used(bits: int, result: str) -> None:
    header = signature("e.test", bits) + b"From: a@e.test\r\n"
    records = {"k._domainkey.e.test": record(bits)}
    (verdict,) = verdicts(header + b"\r\nx\r\n", header, signatures(header), records, 0)
    assert verdict.result == result


AUTHOR = b"From: a@e.test\r\n"
LARGE = 24_000_000


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"A" * 76 + b"\r\n", id="base64"),
        pytest.param(b" " * LARGE, id="one run of blanks"),
        pytest.param(b" \t" * 39 + b"x", id="blanks before no line end"),
        pytest.param(b"\r\n", id="empty lines"),
        pytest.param(b"a ", id="words"),
    ],
)
def test_five_signatures_of_a_large_body_cost_as_little_as_its_hash(body: bytes) -> None:
    forms = ["relaxed/relaxed", "simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"]
    header = b"".join(signature(f"d{at}.test", form=form) for at, form in enumerate(forms)) + AUTHOR
    records = {f"k._domainkey.d{at}.test": record(2048) for at in range(5)}
    message = header + b"\r\n" + body * (LARGE // len(body)) + b"\r\n"
    with at_most(2):
        assert [each.result for each in verdicts(message, header, signatures(header), records, 0)] == ["fail"] * 5


def test_many_names_over_many_fields_cost_little() -> None:
    """Each name is looked up, not looked for."""
    names = ":".join(["from", *(f"{number:x}" for number in range(1400))])
    header = signature("e.test", signed=names) + AUTHOR + b"a:\r\n" * 50_000
    with at_most(1):
        (verdict,) = verdicts(
            header + b"\r\nx\r\n", header, signatures(header), {"k._domainkey.e.test": record(2048)}, 0
        )
        assert verdict.result == "fail"
