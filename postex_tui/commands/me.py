"""`postex me …`: one's own account, in a session of one's own."""

from typing import TYPE_CHECKING, Any

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.options import AsJson, Begin, Code, Data, FirstCode, NewPassword, Password

if TYPE_CHECKING:
    from postex_tui.client import Api

app = typer.Typer(help="Your own account.", no_args_is_help=True)
_WEAK = frozenset({"password-length", "password-common", "password-personal"})


@app.command("password")
def change_password(
    data: Data,
    new_password: NewPassword = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Choose a new password; your other sessions end."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:

        def change() -> None:
            api.post("/me/password", {"password": asking.new_password(new_password)})

        asking.stepped_up(api, password, code, lambda: asking.again(_WEAK, change))
    answer(as_json, {"changed": True}, "The password is changed; your other sessions have ended.")


@app.command("totp")
def change_second_factor(
    data: Data,
    begin: Begin = False,
    first_code: FirstCode = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Set a new second factor, such as on a new telephone. In a script: --begin, then --first-code."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        if begin:
            begun = asking.stepped_up(api, password, code, lambda: api.post("/me/totp/begin"))
            answer(as_json, begun, f"secret  {begun['secret']}\n{begun['otpauth_uri']}")
            return
        if first_code is None:
            _show_new(api, password, code)
            password = code = None
        finish = _finish(api, first_code)
        asking.stepped_up(api, password, code, lambda: asking.again(frozenset({"code-refused"}), finish))
    answer(as_json, {"changed": True}, "The new second factor counts from now on; the one before does not.")


@app.command("recovery-codes")
def new_recovery_codes(data: Data, password: Password = None, code: Code = None, as_json: AsJson = False) -> None:
    """Get ten new recovery codes; those before open nothing any more."""
    from postex_tui import asking
    from postex_tui.client import control

    with control(data) as api:
        made = asking.stepped_up(api, password, code, lambda: api.post("/me/recovery-codes"))
    codes = "\n".join(f"  {each}" for each in made["recovery_codes"])
    answer(as_json, made, f"Recovery codes, shown this once; those before open nothing any more:\n{codes}")


def _show_new(api: "Api", password: str | None, code: str | None) -> None:
    from postex_tui import asking

    if not asking.is_interactive():
        raise Refusal("secret-needed", "a script does this in two steps: --begin, then --first-code", USAGE)
    asking.show_second_factor(asking.stepped_up(api, password, code, lambda: api.post("/me/totp/begin")))


def _finish(api: "Api", first_code: str | None) -> Any:
    from postex_tui import asking

    return lambda: api.post("/me/totp/finish", {"code": asking.code(first_code)})
