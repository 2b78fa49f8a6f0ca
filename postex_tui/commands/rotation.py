"""`postex me rotate` and `postex me reopen`: new keys for one's account, and documents that a reset closed."""

from typing import Annotated

import typer

from postex_tui.answers import USAGE, Refusal, answer
from postex_tui.options import AsJson, Code, Data, NewPassword, Password

RecoveryCode = Annotated[
    str | None,
    typer.Option(
        "--recovery-code",
        envvar="POSTEX_RECOVERY_CODE",
        help="One from before the reset; `-` reads a line of standard input.",
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")]
_WEAK = frozenset({"password-length", "password-common", "password-personal"})


def rotate(
    data: Data,
    new_password: NewPassword = None,
    yes: Yes = False,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Replace your keys when somebody else may have them. Every device and session ends; nothing is lost."""
    from postex_tui import asking
    from postex_tui.client import control

    if not yes:
        _ask(asking.is_interactive())
    with control(data) as api:

        def change() -> object:
            return api.post("/me/rotation", {"password": asking.new_password(new_password)})

        done = asking.stepped_up(api, password, code, lambda: asking.again(_WEAK, change))
    codes = "\n".join(f"  {each}" for each in done["recovery_codes"])
    words = (
        f"{done['documents']} documents are locked with new keys. All devices and sessions have ended, this one too."
    )
    if done["refused"]:
        words += f"\n{done['refused']} documents did not open with the old keys and stay as they are."
    answer(as_json, done, f"{words}\nRecovery codes, shown this once; those before open nothing any more:\n{codes}")


def reopen(
    data: Data,
    recovery_code: RecoveryCode = None,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Bring documents that a reset closed back into Archive, with a recovery code from before it."""
    from postex_tui import asking
    from postex_tui.client import control

    remedy = "in POSTEX_RECOVERY_CODE, or with --recovery-code - on standard input"
    given = asking.given(recovery_code, "A recovery code from before the reset", remedy)
    with control(data) as api:
        body = {"recovery_code": given}
        done = asking.stepped_up(api, password, code, lambda: api.post("/me/documents/reopening", body))
    words = f"{done['documents']} documents are in Archive."
    if done["closed"]:
        words += f" {done['closed']} stay closed: they need a recovery code of another time."
    answer(as_json, done, words)


def _ask(is_interactive: bool) -> None:
    question = "All your devices and sessions end, and your documents are locked with new keys. Go on?"
    if not is_interactive:
        raise Refusal("not-sure", f"{question} Say --yes", USAGE)
    typer.confirm(question, abort=True, err=True)
