"""Signatures of every kind, made by an independent program (dkimpy) or by the samples of the standards."""

import hashlib
from base64 import b64encode

import dkim
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.mail import dkim_form
from bridge.smtp.dkim_signatures import Verdict, signatures, verdicts
from bridge.smtp.handin import header_block

NOW = 1_800_000_000
DER = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = b64encode(KEY.public_key().public_bytes(*DER))
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024)
NAME = "s1._domainkey.e.test"
RECORD = b"v=DKIM1; k=rsa; p=" + PUBLIC
MESSAGE = (
    b"From: Energie <a@e.test>\r\nSubject:  een \t lange\r\n\tregel\r\nMessage-ID: <1@e.test>\r\n"
    b"\r\nBeste  Anna, \t\r\n\r\nuw\tfactuur. \r\n\r\n\r\n"
)
FORMS = [b"simple/simple", b"simple/relaxed", b"relaxed/simple", b"relaxed/relaxed"]


def signed(message: bytes = MESSAGE, form: bytes = b"relaxed/relaxed", domain: bytes = b"e.test") -> bytes:
    canonical = tuple(form.split(b"/"))
    fields = [b"from", b"subject", b"message-id"]
    return bytes(dkim.sign(message, b"s1", domain, PEM, canonicalize=canonical, include_headers=fields)) + message


def of(message: bytes, record: bytes | None = RECORD, now: int = NOW) -> tuple[Verdict, ...]:
    header = header_block(message)
    return verdicts(message, header, signatures(header), {NAME: record}, now)


def result(message: bytes, record: bytes | None = RECORD, now: int = NOW) -> tuple[str, str | None]:
    (verdict,) = of(message, record, now)
    return verdict.result, verdict.rule


@pytest.mark.parametrize("form", FORMS)
def test_what_another_program_signed_holds(form: bytes) -> None:
    assert result(signed(form=form)) == ("pass", None)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("body", [b"", b"\r\n\r\n", b" \r\n\t\r\n", b"x\r\n"])
def test_so_do_bodies_with_nothing_in_them(form: bytes, body: bytes) -> None:
    assert result(signed(MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body, form)) == ("pass", None)


@settings(max_examples=60)
@given(st.text(" \t\nab.:;", max_size=60), st.text(" \tab:;=", max_size=30), st.sampled_from(FORMS))
def test_any_text_holds_as_it_does_for_the_other_program(text: str, subject: str, form: bytes) -> None:
    body = text.replace("\n", "\r\n").encode()
    message = (
        b"From: a@e.test\r\nSubject: " + subject.encode() + b"x\r\nMessage-ID: <1@e.test>\r\n\r\n" + body + b"\r\n"
    )
    assert result(signed(message, form)) == ("pass", None)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"factuur", b"boete"), (b"lange", b"korte"), (b"From: Energie", b"From: Bank")],
)
def test_what_was_altered_fails(old: bytes, new: bytes) -> None:
    """RFC 8601 section 2.7.1; RFC 6376 section 3.9: a body hash that differs is a failure, not an error."""
    assert result(signed().replace(old, new)) == ("fail", None)


def test_an_author_put_above_a_signed_one_fails() -> None:
    assert result(b"From: <ceo@bank.test>\r\n" + signed()) == ("fail", None)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param(None, ("permerror", None), id="none"),
        pytest.param(b"v=DKIM1; p=", ("permerror", None), id="revoked"),
        pytest.param(b"v=DKIM1; k=ed25519; p=" + PUBLIC, ("permerror", None), id="of another kind"),
        pytest.param(b"v=DKIM2; p=" + PUBLIC, ("permerror", None), id="another version"),
        pytest.param(b"v=DKIM1; h=sha1; p=" + PUBLIC, ("permerror", None), id="another hash"),
        pytest.param(b"v=DKIM1; s=tlsrpt; p=" + PUBLIC, ("permerror", None), id="not for mail"),
        pytest.param(b"v=DKIM1; p=AAAA", ("permerror", None), id="no key"),
        pytest.param(b"p=" + PUBLIC + b"; p=" + PUBLIC, ("permerror", None), id="twice"),
        pytest.param(b"\xff\x00;;=", ("permerror", None), id="nonsense"),
        pytest.param(RECORD + b"; t=y", ("policy", "testing"), id="on trial"),
        pytest.param(b"p = " + PUBLIC + b"; t=s ; s=*:email;", ("pass", None), id="strict, and its own"),
    ],
)
def test_what_a_record_may_say(record: bytes | None, expected: tuple[str, str | None]) -> None:
    assert result(signed(), record) == expected


def test_a_key_that_is_too_small_is_not_relied_on() -> None:
    """RFC 8301 section 3.2. A small key is old: this one was made when 512 bits were a key."""
    numbers = rsa.RSAPublicNumbers(65_537, (1 << 1000) | 1)
    record = b"v=DKIM1; p=" + b64encode(numbers.public_key().public_bytes(*DER))
    assert result(signed(), record) == ("policy", "key-size")
    fits = b"p=" + b64encode(SMALL.public_key().public_bytes(*DER))
    assert result(signed(), fits) == ("fail", None), "1024 bits will do, this one is another's"


def own(tags: bytes, key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = KEY) -> bytes:
    """A message with a signature of ours that says `tags` too."""
    kind = b"rsa" if isinstance(key, rsa.RSAPrivateKey) else b"ed25519"
    told = (
        b" v=1; a="
        + kind
        + b"-sha256; d=e.test; s=s1; h=from; bh="
        + b64encode(hashlib.sha256(b"x\r\n").digest())
        + b"; "
        + tags
    )
    field = (b"DKIM-Signature", told + b"b=")
    author = b"From: a@e.test\r\n"
    octets = dkim_form.signed_header(dkim_form.fields(author), [b"from"], field, b"simple")
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = key.sign(hashlib.sha256(octets).digest())
    return b"DKIM-Signature:" + field[1] + b64encode(signature) + b"\r\n" + author + b"\r\nx\r\n"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (b"", ("pass", None)),
        (b"i=@e.test; ", ("pass", None)),
        (b"i=anna@post.e.test; ", ("pass", None)),
        (b"i=anna@evil.test; ", ("permerror", None)),
        (b"i=anna@evile.test; ", ("permerror", None)),
        (b"l=1; ", ("policy", "partial-body")),
        (b"x=1700000000; ", ("policy", "expired")),
        (b"x=1900000000; ", ("pass", None)),
        (b"x=99999999999999999999999; ", ("pass", None)),
    ],
)
def test_what_a_signature_may_say(tags: bytes, expected: tuple[str, str | None]) -> None:
    assert result(own(tags)) == expected


def test_a_strict_key_signs_for_no_subdomain() -> None:
    assert result(own(b"i=anna@post.e.test; "), RECORD + b"; t=s") == ("permerror", None)


def test_sha1_is_not_relied_on() -> None:
    """RFC 8301 section 3.1."""
    assert result(own(b"").replace(b"rsa-sha256", b"rsa-sha1")) == ("policy", "algorithm")


def test_ed25519() -> None:
    """RFC 8463; beside one by RSA, as it says in section 3."""
    key = ed25519.Ed25519PrivateKey.generate()
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    record = b"v=DKIM1; k=ed25519; p=" + b64encode(raw)
    assert result(own(b"", key), record) == ("pass", None)
    assert result(own(b"", key).replace(b"\r\nx\r\n", b"\r\ny\r\n"), record) == ("fail", None)
    assert result(own(b"", key), b"v=DKIM1; k=ed25519; p=AAAA") == ("permerror", None)


def test_the_sample_of_rfc_8463() -> None:
    """Appendix A.2 and A.3, the Ed25519 half: key and record of the standard, not ours."""
    message = (
        b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
        b" d=football.example.com; i=@football.example.com;\r\n"
        b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
        b" subject : date : message-id : from : subject : date;\r\n"
        b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
        b" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
        b" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
        b"From: Joe SixPack <joe@football.example.com>\r\n"
        b"To: Suzie Q <suzie@shopping.example.net>\r\n"
        b"Subject: Is dinner ready?\r\n"
        b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
        b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
        b"\r\n"
        b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
    )
    record = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    header = header_block(message)
    found = signatures(header)
    (verdict,) = verdicts(message, header, found, {"brisbane._domainkey.football.example.com": record}, NOW)
    assert (verdict.result, verdict.domain) == ("pass", "football.example.com")


def test_each_of_several_signatures_has_its_verdict() -> None:
    message = signed(signed(), FORMS[0]).replace(b"v=1", b"v=2", 1)
    unreadable = b"DKIM-Signature: \xff;;=;d=\r\n"
    found = of(unreadable + b"DKIM-Signature: v=1; a=rsa-sha256; d=x.test; s=s1; h=from; bh=; b=ab\r\n" + message)
    assert [each.result for each in found] == ["neutral", "temperror", "permerror", "pass"]
    assert found[3].mark
    assert found[3].mark != found[2].mark


@given(st.binary(max_size=300), st.binary(max_size=100))
def test_any_bytes_have_some_verdict(value: bytes, record: bytes) -> None:
    header = b"DKIM-Signature:" + value.replace(b"\r", b"").replace(b"\n", b"") + b"\r\nFrom: a@e.test\r\n"
    verdicts(header + b"\r\nx", header, signatures(header), {NAME: record}, NOW)
    of(own(b"").replace(b"s=s1", b"s=s1; " + value.replace(b"\r", b"").replace(b"\n", b"")), record)
