"""The routes, a module per noun. Each route has a gate, or is `open_to_all`; a test walks them."""

from fastapi import APIRouter

from bridge.api.routes import health

ROUTERS: tuple[APIRouter, ...] = (health.router,)
"""One line per module, in the order of the OpenAPI description."""
