"""The settings in force, with their documentation; changed in the file, at the next start."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from bridge import setting_facts
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.problems import locale_of
from bridge.api.schemas.settings import SettingOut, SettingsOut
from bridge.i18n import text
from bridge.setting_facts import Fact

router = APIRouter(prefix="/v1", tags=["settings"])


@router.get("/settings")
async def listing(request: Request, access: Annotated[Access, Depends(gate(Action.SETTINGS_READ))]) -> SettingsOut:
    """All, by section, explained in the reader's language. They hold no secrets: those lie in files that settings
    name.
    """
    control = access.control
    known = await asyncio.to_thread(setting_facts.looked_up, control.settings, control.data)
    items = [_out(fact, locale_of(request)) for fact in known.facts]
    return SettingsOut(file=str(known.file), problem=known.problem, items=items)


def _out(fact: Fact, locale: str) -> SettingOut:
    entry = fact.entry
    return SettingOut(
        name=entry.name,
        section=entry.table,
        about=text(locale, entry.about) if entry.about else "",
        variable=entry.variable,
        meaning=text(locale, entry.meaning),
        kind=fact.kind,
        choices=list(fact.choices),
        least=fact.least,
        most=fact.most,
        default=entry.default,
        value=fact.value,
        origin=fact.origin,
        changed=fact.value != entry.default,
        next=fact.next,
    )
