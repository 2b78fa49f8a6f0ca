"""All that is kept of oneself as one zip file, made while it is sent (S44): nothing of it is kept here.

A connection that is cut leaves nothing, and so does a session that ends meanwhile: the file then has no end, and its
reader throws it away. Before each piece it is looked whether the session still lives; sending is a use of it.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from sqlmodel import Session
from starlette.types import Receive, Scope, Send

from bridge.api import own_lists
from bridge.api.access import Access, gate
from bridge.api.policy import Action
from bridge.api.principal import USE_NOTED_AFTER
from bridge.api.problems import Problem, locale_of
from bridge.api.routes import held
from bridge.api.schemas.held import ExportIn, ExportSizeOut
from bridge.export.archive import Archive
from bridge.export.bodies import Bodies
from bridge.i18n import N_
from storage.access import sessions
from storage.mail import copies
from storage.oversight import audit
from storage.oversight.usage import Category

router = APIRouter(prefix="/v1/me/export", tags=["self"])
Exporting = Annotated[Access, Depends(gate(Action.SELF_EXPORT))]
ENOUGH = 256 * 1024
"""Bytes sent at once."""
MOST = 8
"""Exports at once, of one account one: each takes a place among the connections of the control socket."""
MEDIA = "application/zip"


class Cut(Exception):
    """The connection ends here: the archive has no table of contents, and no end."""


@router.get("")
async def size(access: Exporting) -> ExportSizeOut:
    """How much it will be, about."""
    count, stored = await access.control.store.read(copies.totals, access.signed_in.id)
    return ExportSizeOut(documents=count, bytes=stored)


@router.post("", response_class=StreamingResponse, responses={200: {"content": {MEDIA: {}}}})
async def export(access: Exporting, body: ExportIn, request: Request) -> StreamingResponse:
    """Documents in their folders, and as JSON all that this API tells of oneself."""
    ended = _begun(access)
    try:
        await access.control.store.write(_note, access, "export.begun", {"form": body.form})
    except BaseException:
        ended()
        raise
    access.control.store.usage.note(access.signed_in.id, Category.DOWNLOAD)
    name = f'attachment; filename="postex-{access.signed_in.email.partition("@")[0]}.zip"'
    made = _sent(replace(access, account=access.signed_in), body.form, locale_of(request))
    return Sending(made, ended, {"Content-Disposition": _ascii(name)})


class Sending(StreamingResponse):
    """Calls `ended` however it ends, also where it never began."""

    def __init__(self, made: AsyncIterator[bytes], ended: Callable[[], None], headers: Mapping[str, str]) -> None:
        super().__init__(made, media_type=MEDIA, headers=headers)
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._ended()


def _begun(access: Access) -> Callable[[], None]:
    """Take the account's place; what gives it back. Problem 409 or 503."""
    exporting, number = access.control.exporting, access.signed_in.id
    if number in exporting:
        raise Problem("export-running", 409, N_("An export of yours is under way. Wait for its end, or stop it."))
    if len(exporting) >= MOST:
        message = N_("Too many exports are under way. Try again in a minute.")
        raise Problem("too-many-exports", 503, message, extra={"retry_after": 60})
    exporting.add(number)
    return lambda: exporting.discard(number)


async def _sent(access: Access, form: str, locale: str) -> AsyncIterator[bytes]:
    archive = Archive()
    async for _ in _filled(access, archive, form, locale):
        if archive.waiting >= ENOUGH:
            _require_session(access)
            yield archive.take()
    _require_session(access)
    archive.close()
    yield archive.take()
    await access.control.store.write(_note, access, "export.finished", {"form": form})


async def _filled(access: Access, archive: Archive, form: str, locale: str) -> AsyncIterator[None]:
    now = access.control.now()
    about = await held.of(access, locale)
    async with archive.file("held.json", now) as put:
        await put(about.model_dump_json(indent=1).encode())
    for name in own_lists.WHOLE:
        async with archive.file(f"{name}.json", now) as put:
            await put(await own_lists.whole(access, name))
    for name in own_lists.PAGED:
        async with archive.file(f"{name}.json", now) as put:
            async for piece in own_lists.paged(access, name):
                await put(piece)
                yield
    async for _ in _documents(access, archive, form):
        yield


async def _documents(access: Access, archive: Archive, form: str) -> AsyncIterator[None]:
    control, keys = access.control, access.principal.keys
    assert keys is not None, "a session opens keys"
    bodies = Bodies(control.store, access.signed_in, keys, archive, control.clock)
    if form != "mbox":
        async for _ in bodies.as_files():
            yield
    if form != "eml":
        async for _ in bodies.as_mboxes():
            yield
    redacted = {name: sorted(members) for name, members in own_lists.REDACTED.items()}
    summary = {"made_at": control.now(), "form": form, "documents": bodies.written}
    async with archive.file("summary.json", control.now()) as put:
        await put(json.dumps(summary | {"not_readable": bodies.unread, "redacted": redacted}, indent=1).encode())


def _require_session(access: Access) -> None:
    """Cut once the session has ended: what is left of the export does not leave."""
    store, session, now = access.control.store, access.principal.session, access.control.now()
    known = {each.id: each for each in store.look_up(sessions.listing, access.signed_in.id)}
    found = None if session is None else known.get(session.id)
    if found is None or not sessions.is_alive(found, now):
        raise Cut("the session has ended")
    if now - found.used_at >= USE_NOTED_AFTER:
        store.post(sessions.note_use, found.id, now)


def _note(session: Session, access: Access, kind: str, detail: dict[str, str]) -> None:
    subject = f"account:{access.signed_in.id}"
    audit.append(session, kind, access.actor, subject, detail, access.control.now())


def _ascii(value: str) -> str:
    """As a header can carry it."""
    return value.encode("ascii", "replace").decode()
