"""How mail programs connect: hosts, ports and the certificate; and the file by which they find out by themselves."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from bridge import autoconfig, tls
from bridge.api.access import Access, gate
from bridge.api.control import Control
from bridge.api.policy import Action
from bridge.api.problems import Problem
from bridge.api.schemas.connection import AutoconfigOut, CertificateOut, ConnectionOut, ServerOut
from bridge.autoconfig import Server
from bridge.i18n import N_
from bridge.setting_values import host_name
from bridge.tls import CertificateError

router = APIRouter(prefix="/v1/connection", tags=["connection"])

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to
"""What listens on all addresses is reached at this one from the machine itself."""
LOOPBACK = ("127.", "::1", "localhost")
Read = Annotated[Access, Depends(gate(Action.CONNECTION_READ))]


@router.get("")
async def connection(access: Read) -> ConnectionOut:
    """As mail programs are to be set up."""
    control = access.control
    file = control.data / control.settings.tls.certificate_file
    try:
        known = await asyncio.to_thread(tls.described, file)
    except CertificateError:
        message = N_("The certificate cannot be read. Ask an owner of the bridge.")
        raise Problem("no-certificate", 503, message) from None
    host = control.settings.host
    return ConnectionOut(
        servers=[
            ServerOut(kind=at.kind, host=at.host, port=at.port, security=at.security) for at in _servers(control)
        ],
        local=EVERYWHERE.get(host, host),
        only_here=host.startswith(LOOPBACK),
        certificate=CertificateOut(
            fingerprint=known.fingerprint, self_signed=known.self_signed, expires_at=known.expires_at, pem=known.pem
        ),
    )


@router.get("/autoconfig")
async def config(access: Read, domain: Annotated[str, Query(min_length=1, max_length=253)]) -> AutoconfigOut:
    """For the web server of a domain: by this file mail programs set themselves up."""
    try:
        name = host_name(domain)
    except ValueError:
        message = N_("{domain} is no name of a domain.")
        raise Problem("invalid-request", 422, message, domain=domain) from None
    places = [place.format(domain=name) for place in autoconfig.PLACES]
    return AutoconfigOut(domain=name, places=places, xml=autoconfig.xml(name, _servers(access.control)))


def _servers(control: Control) -> list[Server]:
    """The ports that are open; while no bridge runs, those that the settings name."""
    settings = control.settings
    wanted = {
        "imaps": settings.imap.tls_port,
        "smtps": settings.smtp.tls_port,
        "submission": settings.smtp.submission_port,
    }
    open_now = control.ports or {name: port for name, port in wanted.items() if isinstance(port, int) and port}
    found = (
        Server("imap", settings.hostname, open_now.get("imaps", 0), "tls"),
        Server("smtp", settings.hostname, open_now.get("smtps", 0), "tls"),
        Server("smtp", settings.hostname, open_now.get("submission", 0), "starttls"),
    )
    return [server for server in found if server.port]
