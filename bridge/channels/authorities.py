"""Whom a carrier believes that it speaks with: TLS 1.2 or later, certificate and name checked, always."""

import ssl
from pathlib import Path


class CarrierUnusable(Exception):
    """What the settings name cannot be used; the text names the setting and what to do."""


def verifying(ca_file: Path | None, setting: str) -> ssl.SSLContext:
    """A client's context, by the authorities of the system, or those of `ca_file` alone. CarrierUnusable."""
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        problem = error.strerror or type(error).__name__
        raise CarrierUnusable(
            f"{setting}: {ca_file} holds no certificate in PEM that can be read ({problem})"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
