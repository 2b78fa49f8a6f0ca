"""`postex login`, `step-up` and `logout`: a session of the control API for the commands that follow."""

from typing import Annotated, Any

import typer

from postex_tui.answers import Refusal, answer
from postex_tui.options import AsJson, Code, Data, Password

_OVER = frozenset({"session-ended", "sign-in-needed"})


def login(
    data: Data,
    email: Annotated[str | None, typer.Argument(help="Your address.", show_default=False)] = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Sign in with your password and a code of your second factor."""
    from postex_tui import asking, token
    from postex_tui.client import control
    from postex_tui.replies import CLIENT

    address, secret = asking.email(email), asking.password(password)
    with control(data) as api:
        body = {"email": address, "password": secret, "client": CLIENT}
        found = api.post("/sign-in", {**body, "code": asking.code(code)})
    token.save(data, found.pop("token"))
    answer(
        as_json, found, f"Signed in as {found['email']} ({_roles(found)}). The session ends after 15 idle minutes."
    )


def step_up(data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Give password and code again: for five minutes you may do what needs it."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        api.get("/session")  # nobody types a password for a session that is over
        secret = asking.password(password)
        found = api.post("/session/step-up", {"password": secret, "code": asking.code(code)})
    answer(as_json, found, "For five minutes you may do what needs your password and a code.")


def logout(data: Data, as_json: AsJson = False) -> None:
    """End your session."""
    from postex_tui import token
    from postex_tui.client import control

    ended = token.load(data) is not None
    try:
        with control(data) as api:
            if ended:
                api.delete("/session")
    except Refusal as refusal:
        if refusal.code not in _OVER:
            raise
        ended = False
    token.forget(data)
    answer(as_json, {"ended": ended}, "Signed out." if ended else "You were not signed in.")


def _roles(found: dict[str, Any]) -> str:
    return ", ".join(found["roles"])
