"""What the settings say of where channels lead, and when notices go: the `Places` of the decision."""

from bridge.routing.decision import Places
from bridge.routing.hours import Hours
from bridge.routing.residency import europe
from bridge.settings import Settings
from storage.deliveries.terms import Channel


def of(settings: Settings) -> Places:
    """No relay and no printer until the settings have them."""
    countries = {}
    if settings.relay.host:
        countries[Channel.EMAIL] = settings.relay.country
    if settings.printer.uri or settings.printer.folder is not None:
        countries[Channel.PAPER] = settings.printer.country
    return Places(
        countries=countries,
        europe=europe(settings),
        notices_by_email=bool(settings.relay.host or settings.notice_relay.host),
        hours=hours_of(settings),
        hold_days=settings.ladder.hold_days,
    )


def hours_of(settings: Settings) -> Hours:
    hour, _, minute = settings.notices.digest_at.partition(":")
    return Hours(settings.timezone, int(hour) * 60 + int(minute), settings.notices.collect_seconds)
