"""Every refusal of the control API: RFC 9457 problem details with a stable code and a text in the reader's language.

    {"type": "urn:postex:problem:step-up-needed", "title": "Step-up needed", "status": 403, "code": "step-up-needed",
     "detail": "Give your password and a code …", …}

Contract. A route raises `Problem(code, status, N_("…"), **values)`; storage's errors, wrong input and what nobody
foresaw become problems here. `detail` says what happened and what to do; nothing of an unforeseen error's text goes
out, it may hold anything.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from bridge.api import value_words
from bridge.backup_words import WORDS
from bridge.i18n import DEFAULT, N_, accepted, text
from bridge.pace import Pace
from bridge.ways import told
from storage import errors
from storage.errors import BackupReason

log = structlog.get_logger(__name__)

_BACKUP_STATUS = {BackupReason.FULL: 507, BackupReason.RUNNING: 409, BackupReason.STOPPED: 503}
MEDIA_TYPE = "application/problem+json"
ROAD = "Postex-Road"
"""A header: by which program a person asks."""
PREFIX = "urn:postex:problem:"


class Problem(Exception):
    """A refusal. `code` in kebab-case; `message` marked with N_, its placeholders among `values` (a `Way` is told as
    the reader goes it); `extra` members are for programs.
    """

    def __init__(
        self, code: str, status: int, message: str, *, extra: Mapping[str, object] | None = None, **values: object
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.message = message
        self.values = values
        self.extra = dict(extra or {})

    def content(self, locale: str, road: str) -> dict[str, object]:
        """The members of RFC 9457 section 3.1, and `code`; `road`: what the program that asks says of itself."""
        return {
            "type": PREFIX + self.code,
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "code": self.code,
            "detail": text(locale, self.message, **told(self.values, locale, road)),
            **self.extra,
        }


def keep_pace(pace: Pace, account_id: int, now: int) -> None:
    """Problem 429 where an account asks too often."""
    wait = pace.wait(account_id, now)
    if wait:
        message = N_("You asked too often for this. Go on in {seconds} seconds.")
        raise Problem("too-often", 429, message, extra={"retry_after": wait}, seconds=wait)


def not_found() -> Problem:
    """The same for what is out of reach and for what does not exist: nobody learns which."""
    return Problem("not-found", 404, N_("There is no such thing here, or it is not yours to see. Check the name."))


def from_storage(error: errors.StorageError) -> Problem:
    """What an error of storage says to the person who asked; routes raise better words where they know more."""
    match error:
        case errors.NotFound():
            return not_found()
        case errors.Conflict():
            return Problem("conflict", 409, N_("That name or address is taken ({what}). Choose another."), what=error)
        case errors.Invalid():
            message, values = value_words.said(str(error))
            wrong = {"field": str(error).partition(":")[0], "reason": str(error)}
            return Problem("invalid", 422, message, extra={"errors": [wrong]}, **values)
        case errors.Held():
            extra = {"basis": error.basis, "ends_at": error.ends_at}
            until = datetime.fromtimestamp(error.ends_at, UTC).date().isoformat()
            message = N_(
                "A hold forbids this until {until}, unless it is lifted before ({basis}). Ask the admin of your"
                " domain."
            )
            return Problem("held", 423, message, extra=extra, until=until, basis=error.basis)
        case errors.OverQuota():
            return Problem("over-quota", 507, N_("The account has no room for this. Delete something first."))
        case errors.SignInRefused():
            return Problem("sign-in-refused", 401, N_("That does not open the account. Check what you typed."))
        case errors.BackupRefused():
            status = _BACKUP_STATUS.get(error.reason, 422)
            return Problem(f"backup-{error.reason}", status, WORDS[error.reason], what=error.what)
        case errors.Busy():
            message = N_(
                "The bridge cannot write now; nothing was changed. Try again; if it stays, look at the disk."
            )
            return Problem("busy", 503, message)
        case errors.Tampered():
            message = N_(
                "Stored data was altered or is damaged; nothing of it is shown. Tell the owner of the server."
            )
            return Problem("tampered", 500, message)
    return unforeseen()


def unforeseen() -> Problem:
    message = N_("Something went wrong in the bridge and was written to its log. Try again, or tell its owner.")
    return Problem("internal", 500, message)


def install(app: FastAPI) -> None:
    """Answer every refusal of `app` as a problem."""
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(errors.StorageError, _answer_storage)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_unforeseen)


def locale_of(request: Request) -> str:
    """Of the Accept-Language header, else of the account that is signed in, else Dutch."""
    asked = accepted(request.headers.get("accept-language"))
    return asked or getattr(request.state, "locale", None) or DEFAULT


def answer(request: Request, problem: Problem) -> JSONResponse:
    headers = {"Content-Language": locale_of(request)}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in problem.extra:
        headers["Retry-After"] = str(problem.extra["retry_after"])
    content = problem.content(locale_of(request), request.headers.get(ROAD, ""))
    return JSONResponse(content, problem.status, media_type=MEDIA_TYPE, headers=headers)


async def _answer_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return answer(request, error)


async def _answer_storage(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.StorageError)
    if isinstance(error, errors.Tampered):
        log.error("api.tampered", route=request.scope.get("path", "").split("/")[2:3])
    return answer(request, from_storage(error))


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    """Which fields, and why; never the value, which may be a secret."""
    assert isinstance(error, RequestValidationError)
    fields = [
        {"field": ".".join(map(str, each["loc"])), "reason": each["msg"], "limit": _length(each)}
        for each in error.errors()
    ]
    named = ", ".join(map(_named, error.errors()[:5]))
    message = N_("The request is not as it should be: see {fields}.")
    return answer(request, Problem("invalid-request", 422, message, extra={"errors": fields[:50]}, fields=named))


_LIMITS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "length ≥", "max_length": "length ≤"}


def _length(wrong: Mapping[str, Any]) -> dict[str, int]:
    """That it missed."""
    return {name: value for name, value in wrong.get("ctx", {}).items() if name in ("min_length", "max_length")}


def _named(wrong: Mapping[str, Any]) -> str:
    """The field as people know it, and what it may be where the schema says so: `channel (mailbox, paper)`."""
    place = [str(part) for part in wrong["loc"]]
    name = ".".join(place[1:] or place)
    allowed = wrong.get("ctx", {})
    if "expected" in allowed:
        words = re.findall("'([^']*)'", str(allowed["expected"]))
        return f"{name} ({', '.join(words)})"
    limits = [f"{sign} {allowed[limit]}" for limit, sign in _LIMITS.items() if limit in allowed]
    return f"{name} ({limits[0]})" if limits else name


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own: an unknown path, a method that a path does not have."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return answer(request, not_found())
    if error.status_code == 405:
        response = answer(request, Problem("method-not-allowed", 405, N_("This cannot be done to that path.")))
        response.headers.update(error.headers or {})
        return response
    message = N_("The request is not as it should be: see {fields}.")
    return answer(request, Problem("invalid-request", error.status_code, message, fields="body"))


async def _answer_unforeseen(request: Request, error: Exception) -> JSONResponse:
    log.error("api.failed", kind=type(error).__name__)
    return answer(request, unforeseen())
