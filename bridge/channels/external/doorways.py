"""How mailboxes elsewhere are reached, by the settings; and whether one can be used."""

from pathlib import Path

from bridge.channels.authorities import verifying
from bridge.channels.external.session import Doorway, Trouble, opened
from bridge.settings import Settings
from storage.deliveries.external_mailboxes import Place


def of(data: Path, settings: Settings) -> Doorway:
    """`data`: what relative files are relative to. CarrierUnusable."""
    section = settings.external
    ca_file = None if section.ca_file is None else data / section.ca_file
    return Doorway(verifying(ca_file, "external.ca_file"), section.private_hosts)


async def check(doorway: Doorway, place: Place, password: str) -> str | None:
    """Signs in for real and looks for the folder; the problem, or None."""
    try:
        async with opened(doorway, place.host, place.port) as session:
            await session.sign_in(place.username, password)
            await session.status(place.folder)
    except Trouble as trouble:
        return trouble.problem
    return None
