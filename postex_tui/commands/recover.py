"""`postex recover …`: the ways back for who lost the password or the second factor, with a recovery code."""

from typing import Annotated, Any

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.options import AsJson, Begin, Code, Data, Email, FirstCode, NewPassword, Password

app = typer.Typer(help="You lost your password or your second factor.", no_args_is_help=True)
_WEAK = frozenset({"password-length", "password-common", "password-personal"})
RecoveryCode = Annotated[
    str | None,
    typer.Option(
        "--recovery-code",
        envvar="POSTEX_RECOVERY_CODE",
        help="One of your ten; `-` reads a line of standard input.",
        show_default=False,
    ),
]


@app.command("password")
def forgotten_password(
    email: Email,
    data: Data,
    recovery_code: RecoveryCode = None,
    code: Code = None,
    new_password: NewPassword = None,
    as_json: AsJson = False,
) -> None:
    """Forgotten password: a recovery code and your second factor set a new one."""
    from postex_tui import asking
    from postex_tui.client import control

    opener = {"email": email, "recovery_code": _recovery_code(recovery_code), "code": asking.code(code)}
    with control(data) as api:

        def recover() -> Any:
            return api.post("/sign-in/recovery", {**opener, "new_password": asking.new_password(new_password)})

        done = asking.again(_WEAK, recover)
    left = done["recovery_codes_left"]
    answer(as_json, {"recovery_codes_left": left}, f"The password is changed. {left} recovery codes are left.")


@app.command("totp")
def lost_second_factor(
    email: Email,
    data: Data,
    recovery_code: RecoveryCode = None,
    password: Password = None,
    begin: Begin = False,
    first_code: FirstCode = None,
    as_json: AsJson = False,
) -> None:
    """Lost second factor: a recovery code and your password set a new one. Scripts: --begin, then --first-code."""
    from postex_tui import asking
    from postex_tui.client import control

    if not begin and first_code is None and not asking.is_interactive():
        raise Refusal("secret-needed", "a script does this in two steps: --begin, then --first-code", USAGE)
    opener = {"email": email, "recovery_code": _recovery_code(recovery_code), "password": asking.password(password)}
    with control(data) as api:
        if first_code is None:
            begun = api.post("/sign-in/recovery", opener)
            if begin:
                shown = {"otpauth_uri": begun["otpauth_uri"], "secret": begun["secret"]}
                answer(as_json, shown, f"secret  {begun['secret']}\n{begun['otpauth_uri']}")
                return
            asking.show_second_factor(begun)

        def finish() -> Any:
            return api.post("/sign-in/recovery", {**opener, "new_code": asking.code(first_code)})

        done = asking.again(frozenset({"code-refused"}), finish)
    left = done["recovery_codes_left"]
    words = f"The new second factor counts from now on. {left} recovery codes are left."
    answer(as_json, {"recovery_codes_left": left}, words)


def _recovery_code(value: str | None) -> str:
    from postex_tui import asking

    remedy = "in POSTEX_RECOVERY_CODE, or with --recovery-code - on standard input"
    return asking.given(value, "A recovery code", remedy, lambda: asking.shown("One of your recovery codes"))
