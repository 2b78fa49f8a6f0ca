"""Whether the bridge is there, for those who have no session yet."""

from typing import Annotated

from fastapi import APIRouter, Depends

from bridge.api.access import open_to_all
from bridge.api.control import Control
from bridge.api.schemas.health import HealthOut

router = APIRouter(prefix="/v1", tags=["health"])


@router.get("/health")
async def health(control: Annotated[Control, Depends(open_to_all)]) -> HealthOut:
    """Answers as long as the bridge runs and knows what its disk holds."""
    return HealthOut(hostname=control.settings.hostname, writable=not control.store.failed.is_set())
