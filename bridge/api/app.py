"""The application: all routes under /v1, every refusal a problem, OpenAPI at /v1/openapi.json.

Contract. `create(control)` serves signed-in sessions; with `operator=True`, for a command that holds the data folder
itself, a request without a session is the operator's. Requests are bounded: a body of `MAX_BODY` bytes at most.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge.api import problems
from bridge.api.control import Control
from bridge.api.problems import Problem
from bridge.api.routes import ROUTERS
from bridge.i18n import N_

MAX_BODY = 1_048_576
VERSION = "1"


def create(control: Control, *, operator: bool = False) -> FastAPI:
    """The application over one store."""
    app = FastAPI(
        title="Postex control",
        version=VERSION,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.control = control
    app.state.operator = operator
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    app.add_middleware(BoundedBody)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


class BoundedBody:
    """Refuses a request that says its body is too large, and stops listening to one that does not say."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        announced = request.headers.get("content-length", "0")
        if not announced.isdigit() or int(announced[:20]) > MAX_BODY:
            too_large = Problem("too-large", 413, N_("The request is too large. Send less at once."))
            await problems.answer(request, too_large)(scope, receive, send)
            return
        await self._app(scope, _counted(receive), send)


def _counted(receive: Receive) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        return message if taken <= MAX_BODY else {"type": "http.disconnect"}

    return counted


def _described(app: FastAPI) -> dict[str, Any]:
    """OpenAPI with the path parameters that the gate takes, which no route function names."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                _add_path_parameters(path, operation)
        app.openapi_schema = schema
    return app.openapi_schema


def _add_path_parameters(path: str, operation: dict[str, Any]) -> None:
    given = operation.setdefault("parameters", [])
    named = {parameter["name"] for parameter in given if parameter["in"] == "path"}
    for name in (part[1:-1] for part in path.split("/") if part.startswith("{")):
        if name not in named:
            given.append({"name": name, "in": "path", "required": True, "schema": {"type": "string"}})
