"""`postex account reset`: a one-time code for somebody who lost every way in."""

from typing import Annotated, Any

import typer

from postex_tui.answers import answer
from postex_tui.options import AsJson, Code, Data, Email, Password

SecondFactor = Annotated[
    bool,
    typer.Option(
        "--second-factor", help="The second factor is lost too: needs an access that a second person approved."
    ),
]
Closes = Annotated[
    bool,
    typer.Option("--closes-documents", help="Where nobody keeps a spare key: the documents of now may be closed."),
]


def reset(
    email: Email,
    data: Data,
    closes_documents: Closes = False,
    second_factor: SecondFactor = False,
    password: Password = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """Make a one-time code for a forgotten password. You never see the password they choose."""
    from postex_tui import asking
    from postex_tui.client import control

    body = {"closes_documents": closes_documents, "second_factor": second_factor}
    with control(data) as api:
        given = asking.stepped_up(api, password, code, lambda: api.post(f"/accounts/{email}/reset", body))
    answer(as_json, given, _words(email, given))


def _words(email: str, given: Any) -> str:
    from postex_tui.moments import as_text

    lines = [
        f"Code for {email}, once, until {as_text(given['expires_at'])} UTC:\n  {given['code']}",
        f"Hand it over in person or by telephone. They use it with: postex enrol {email}",
        "Until then everything works as before; the mailbox is told.",
    ]
    if given["closes"] is not None:
        lines.append(
            f"Using it closes the {given['closes']} documents of now. Only a recovery code from before opens them"
            " again: ask for one first."
        )
    return "\n".join(lines)
