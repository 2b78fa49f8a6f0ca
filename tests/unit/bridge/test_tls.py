"""The certificate of `init`, what its fingerprint is, and how renewed files come into use (S74)."""

import hashlib
import ssl
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from bridge.tls import CertificateError, ServerTls, create_self_signed, fingerprint

NOW = datetime(2026, 3, 1, tzinfo=UTC).timestamp()


def made(folder: Path, hostname: str = "post.example.test") -> tuple[Path, Path]:
    files = (folder / "tls" / "cert.pem", folder / "tls" / "key.pem")
    create_self_signed(*files, hostname, NOW)
    return files


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> tuple[bytes, str]:
    """Certificate (DER) and TLS version that a client gets, in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=name)
    there = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (here, there):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return here.getpeercert(binary_form=True) or b"", here.version() or ""


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def blind() -> ssl.SSLContext:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    return client


@pytest.mark.parametrize("name", ["post.example.test", "localhost", "127.0.0.1", "::1"])
def test_a_client_that_verifies_accepts_it(tmp_path: Path, name: str) -> None:
    certificate, key = made(tmp_path)
    _, version = handshake(ServerTls(certificate, key).context, trusting(certificate), name)
    assert version == "TLSv1.3"


def test_another_name_is_refused(tmp_path: Path) -> None:
    certificate, key = made(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(ServerTls(certificate, key).context, trusting(certificate), "other.test")


def test_it_signs_no_other_certificate(tmp_path: Path) -> None:
    found = x509.load_pem_x509_certificate(made(tmp_path)[0].read_bytes())
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert found.not_valid_before_utc < datetime.fromtimestamp(NOW, UTC) < found.not_valid_after_utc


def test_the_key_is_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    certificate, key = made(tmp_path)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        create_self_signed(certificate, key, "post.example.test", NOW)


def test_fingerprint_is_sha256_of_what_the_client_gets(tmp_path: Path) -> None:
    certificate, key = made(tmp_path)
    der, _ = handshake(ServerTls(certificate, key).context, blind(), "x")
    assert fingerprint(certificate).replace(":", "").lower() == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize(
    ("minimum", "newest_of_client", "accepted"),
    [
        ("1.2", ssl.TLSVersion.TLSv1_2, True),
        ("1.3", ssl.TLSVersion.TLSv1_2, False),
        ("1.3", ssl.TLSVersion.TLSv1_3, True),
    ],
)
def test_versions(tmp_path: Path, minimum: str, newest_of_client: ssl.TLSVersion, accepted: bool) -> None:
    client = blind()
    client.maximum_version = newest_of_client
    server = ServerTls(*made(tmp_path), minimum).context
    if accepted:
        assert handshake(server, client, "x")[0]
        return
    with pytest.raises(ssl.SSLError):
        handshake(server, client, "x")


def test_tls_before_1_2_is_off_by_default(tmp_path: Path) -> None:
    assert ServerTls(*made(tmp_path)).context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_renewed_files_serve_the_next_handshake(tmp_path: Path) -> None:
    certificate, key = made(tmp_path / "old")
    tls = ServerTls(certificate, key)
    old, _ = handshake(tls.context, blind(), "x")
    assert tls.refresh() is False
    for new, path in zip(made(tmp_path / "new"), (certificate, key), strict=True):
        new.replace(path)
    assert tls.refresh() is True
    new_der, _ = handshake(tls.context, blind(), "x")
    assert new_der != old
    assert new_der == ssl.PEM_cert_to_DER_cert(certificate.read_text())


def test_half_renewed_files_change_nothing_until_they_fit(tmp_path: Path) -> None:
    certificate, key = made(tmp_path / "old")
    tls = ServerTls(certificate, key)
    old, _ = handshake(tls.context, blind(), "x")
    new_certificate, new_key = made(tmp_path / "new")
    new_certificate.replace(certificate)
    assert tls.refresh() is False
    assert handshake(tls.context, blind(), "x")[0] == old
    new_key.replace(key)
    assert tls.refresh() is True
    assert handshake(tls.context, blind(), "x")[0] != old


def test_removed_files_keep_the_service_running(tmp_path: Path) -> None:
    certificate, key = made(tmp_path)
    tls = ServerTls(certificate, key)
    certificate.unlink()
    assert tls.refresh() is False
    assert handshake(tls.context, blind(), "x")[0]


async def test_watch_looks_after_each_pause(tmp_path: Path) -> None:
    certificate, key = made(tmp_path / "old")
    tls = ServerTls(certificate, key)
    old, _ = handshake(tls.context, blind(), "x")
    pauses = 0

    async def pause(seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 2:
            for new, path in zip(made(tmp_path / "new"), (certificate, key), strict=True):
                new.replace(path)
        if pauses == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await tls.watch(pause)
    assert handshake(tls.context, blind(), "x")[0] != old


@pytest.mark.parametrize("broken", ["missing", "garbage", "key of another"])
def test_unusable_files_are_named(tmp_path: Path, broken: str) -> None:
    certificate, key = made(tmp_path / "one")
    if broken == "missing":
        key.unlink()
    elif broken == "garbage":
        certificate.write_text("no certificate")
    else:
        key = made(tmp_path / "two")[1]
    with pytest.raises(CertificateError, match=r"key\.pem"):
        ServerTls(certificate, key)


def test_fingerprint_of_no_certificate(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nothing")
    with pytest.raises(CertificateError, match=r"cert\.pem"):
        fingerprint(tmp_path / "cert.pem")
