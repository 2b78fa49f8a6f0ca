"""Whether a bridge has been taken into use: asked by the terminal app before anybody can sign in."""

from typing import Annotated

from fastapi import APIRouter, Depends

from bridge.api.access import open_to_all
from bridge.api.control import Control
from bridge.api.schemas.health import FirstRunOut
from storage.people import grants

router = APIRouter(prefix="/v1", tags=["health"])


@router.get("/first-run")
async def first_run(control: Annotated[Control, Depends(open_to_all)]) -> FirstRunOut:
    """Until an owner has enrolled, nobody can be let in but the one with the code from `postex init`."""
    return FirstRunOut(owned=await control.store.read(grants.has_owner, control.now()))
