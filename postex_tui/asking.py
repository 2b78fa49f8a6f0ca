"""Secrets that a command needs: from an option, a variable, a line of standard input (`-`), or asked for.

What is asked for and what is shown on the way goes to standard error: standard output belongs to the answer.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import typer

from postex_tui.answers import USAGE, Refusal, fit, wrapped
from postex_tui.client import Api
from postex_tui.replies import STEP_UP

TRIES = 3


def is_interactive() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def given(value: str | None, what: str, remedy: str, ask: Callable[[], str] | None = None) -> str:
    """A value: as it was given, a line of standard input for `-`, or asked for. Refusal if nobody is there to ask."""
    if value == "-":
        return sys.stdin.readline().rstrip("\n")
    if value is not None:
        return value
    if not is_interactive():
        raise Refusal("secret-needed", f"{what} is needed; pass it {remedy}", USAGE)
    return (ask or (lambda: typed(what)))()


def email(value: str | None) -> str:
    """The address of one's account."""
    return given(value, "Your address", "as an argument", lambda: str(typer.prompt("Your address", err=True)))


def password(value: str | None) -> str:
    """One's password, as it is."""
    return given(value, "Your password", "in POSTEX_PASSWORD, or with --password - on standard input")


def new_password(value: str | None) -> str:
    """A new password; whoever types it types it twice."""
    remedy = "in POSTEX_NEW_PASSWORD, or with --new-password - on standard input"
    return given(value, "A new password", remedy, lambda: typed("New password (12 to 128 characters)", twice=True))


def code(value: str | None) -> str:
    """Six digits of the second factor."""
    remedy = "in POSTEX_CODE, or with --code - on standard input"
    asked = given(value, "A code of your second factor", remedy, lambda: shown("Code of your second factor"))
    return "".join(asked.split())


def typed(prompt: str, *, twice: bool = False) -> str:
    """Without being shown."""
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True))


def shown(prompt: str) -> str:
    """What nobody needs to hide."""
    return str(typer.prompt(prompt, err=True)).strip()


def say(text: str) -> None:
    """On the way to the answer."""
    typer.echo(wrapped(fit(text)), err=True)


def show_second_factor(begun: Mapping[str, Any]) -> None:
    """The QR code, and the same in letters."""
    from postex_tui.terminal import qr

    say("Scan this with the app that is to show your codes (any TOTP app):\n")
    say(f"{qr.drawn(begun['otpauth_uri'])}\n")
    say(f"or type this secret into it: {qr.in_groups(begun['secret'])}\n")


def again(codes: frozenset[str], ask: Callable[[], Any]) -> Any:
    """What `ask` gives; for a refusal of these codes told and tried again, if somebody is there."""
    for left in reversed(range(TRIES)):
        try:
            return ask()
        except Refusal as refusal:
            if refusal.code not in codes or not left or not is_interactive():
                raise
            say(f"postex: {refusal.message}\n")
    raise AssertionError("not reached")


def step_up(api: Api, given_password: str | None, given_code: str | None) -> None:
    """Prove again who one is."""
    api.post("/session/step-up", {"password": password(given_password), "code": code(given_code)})


def stepped_up(api: Api, given_password: str | None, given_code: str | None, call: Callable[[], Any]) -> Any:
    """What `call` gives; if it needs a step-up, that first. With secrets given it is made before."""
    if given_password is not None and given_code is not None:
        step_up(api, given_password, given_code)
    try:
        return call()
    except Refusal as refusal:
        if refusal.code != STEP_UP or not is_interactive():
            raise
    say("This needs your password and a code once more.")
    step_up(api, given_password, given_code)
    return call()
