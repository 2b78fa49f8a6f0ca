"""`postex enrol`: take an account over with the code from its admin; also after a reset."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.options import AsJson, Begin, Data, Email, FirstCode, NewPassword

if TYPE_CHECKING:
    from collections.abc import Callable

    from postex_tui.client import Api

_STAYS = "Your second factor stays: the code asked for is one of the app that you have."
_CODE_REFUSED = "code-refused"
_ASK_AGAIN = frozenset({_CODE_REFUSED, "password-length", "password-common", "password-personal"})
Accept = Annotated[
    str | None,
    typer.Option("--accept", help="The domain's mode that you accept: managed or private.", show_default=False),
]


def enrol(
    email: Email,
    data: Data,
    code: Annotated[
        str | None,
        typer.Option(
            "--code",
            envvar="POSTEX_ENROLMENT_CODE",
            help="The code from your admin; `-` reads a line of standard input.",
            show_default=False,
        ),
    ] = None,
    new_password: NewPassword = None,
    first_code: FirstCode = None,
    accept: Accept = None,
    accept_closing: Annotated[
        bool,
        typer.Option(
            "--accept-closing", help="After a reset with a new key: accept that earlier documents stay locked."
        ),
    ] = False,
    begin: Begin = False,
    as_json: AsJson = False,
) -> None:
    """Take an account over: scan the second factor, choose a password, get recovery codes.

    In a script: --begin first, then the same with --first-code, --new-password and --accept.
    """
    from postex_tui import asking
    from postex_tui.client import control

    remedy = "in POSTEX_ENROLMENT_CODE, or with --code - on standard input"
    opener = {
        "email": email,
        "code": asking.given(
            code, "The code from your admin", remedy, lambda: asking.shown("The code from your admin")
        ),
    }
    with control(data) as api:
        if begin:
            begun = api.post("/enrolment/begin", opener)
            factor = f"secret  {begun['secret']}\n{begun['otpauth_uri']}" if begun["secret"] else _STAYS
            answer(as_json, begun, f"{_to_accept(begun)}\n\n{factor}")
            return
        if first_code is None:
            accept, accept_closing = _shown(api, opener, accept), True
        body = {**opener, "accepted_mode": accept, "accepts_closing": accept_closing}
        done = asking.again(_ASK_AGAIN, _finisher(api, body, new_password, first_code))
    answer(as_json, done, _words(done))


def _shown(api: "Api", opener: dict[str, str], accept: str | None) -> str:
    """Show the second factor and what there is to accept; the mode that was accepted."""
    from postex_tui import asking

    if not asking.is_interactive():
        raise Refusal("secret-needed", "a script enrols in two steps: --begin, then --first-code", USAGE)
    begun = api.post("/enrolment/begin", opener)
    asking.say(f"This account is {begun['email']} of {begun['name']}.\n\n{_to_accept(begun)}\n")
    asks = accept is None or begun["closes_text"] is not None
    if asks and not typer.confirm("Do you accept this?", err=True):
        raise Refusal("not-accepted", "nothing was changed; the code stays valid until its time is over")
    if begun["otpauth_uri"] is None:
        asking.say(_STAYS)
    else:
        asking.show_second_factor(begun)
    return accept or str(begun["domain_mode"])


def _to_accept(begun: Mapping[str, Any]) -> str:
    return "\n\n".join(text for text in (begun["mode_text"], begun["closes_text"]) if text)


def _finisher(
    api: "Api", body: Mapping[str, object], new_password: str | None, first_code: str | None
) -> "Callable[[], dict[str, Any]]":
    """Ends it. Called once more after a wrong code it keeps the password: only the code is asked for again."""
    from postex_tui import asking

    kept: str | None = None

    def finish() -> dict[str, Any]:
        nonlocal kept
        if body["accepted_mode"] is None:
            raise Refusal("not-accepted", "say with --accept which mode of the domain you accept", USAGE)
        # The code last: it is good for a minute, and a password takes its time.
        secret = asking.new_password(new_password) if kept is None else kept
        filled = {**body, "password": secret, "totp": asking.code(first_code)}
        try:
            done: dict[str, Any] = api.post("/enrolment/finish", filled)
        except Refusal as refusal:
            kept = secret if refusal.code == _CODE_REFUSED else None
            raise
        return done

    return finish


def _words(done: dict[str, Any]) -> str:
    codes = "\n".join(f"  {code}" for code in done["recovery_codes"])
    return (
        f"{done['email']} is yours. Sign in with: postex login {done['email']}\n\n"
        f"Recovery codes, shown this once. Each works once, together with your password or a code:\n{codes}\n\n"
        "Keep them on paper, apart from your telephone."
    )
