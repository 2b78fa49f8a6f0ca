"""The routes, a module per noun. Each route has a gate, or is `open_to_all`; a test walks them."""

from fastapi import APIRouter

from bridge.api.routes import (
    accounts,
    aliases,
    audit,
    backups,
    break_glass,
    domains,
    erasures,
    escrow,
    grants,
    health,
    holds,
    identity,
    looks,
    me_secrets,
    purges,
    resets,
    rotation,
    senders,
    sign_in,
    statistics,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    sign_in.router,
    me_secrets.router,
    accounts.router,
    identity.router,
    aliases.router,
    senders.router,
    domains.router,
    grants.router,
    escrow.router,
    resets.router,
    rotation.router,
    break_glass.router,
    audit.router,
    looks.router,
    statistics.router,
    erasures.router,
    holds.router,
    purges.router,
    backups.router,
)
"""One line per module, in the order of the OpenAPI description."""
