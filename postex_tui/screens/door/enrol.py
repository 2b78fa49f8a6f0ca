"""Taking an account over with the code from an admin: accept, second factor, password, recovery codes, sign-in.

Contract. Runs in a worker of the screen in front. Nothing is set before the last answer: whoever leaves on the way
begins again with the same code.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bridge.i18n import N_
from postex_tui.answers import Refusal
from postex_tui.replies import CLIENT
from postex_tui.screens.dialogs import Ask, Confirm, Form
from postex_tui.screens.door.second_factor import TYPED, FactorForm, letters
from postex_tui.screens.office.accounts.shown_code import ShownCode
from postex_tui.screens.section import WordedScreen

UNLIKE = N_("The two passwords differ.")
STAYS = N_("Your second factor stays: give a code of the app that you have.")
KEEP = N_(
    "Each works once, if you lost your password or your second factor. Keep them on paper, apart from your phone."
)
NEXT = N_(
    "The account is yours. To sign in, wait until your app shows a new code (half a minute at most): each code works"
    " once."
)


async def enrol(screen: WordedScreen[Any], email: str = "", code: str = "") -> bool:
    """Whether somebody is signed in at the end."""
    opened = await _opened(screen, email, code)
    if opened is None or not await _accepted(screen, opened):
        return False
    done = await _finished(screen, opened)
    if done is None:
        return False
    await _show_codes(screen, done["recovery_codes"])
    return await sign_in(screen, done["email"], done["password"])


async def _opened(screen: WordedScreen[Any], email: str, code: str) -> Mapping[str, Any] | None:
    """What the API says of the code, and the code."""
    submit = partial(_begin, screen)
    if email and code:
        try:
            return await submit({"email": email, "code": code})
        except Refusal as refusal:
            screen.post.tell(refusal.message, wrong=True)
    asks = [
        Ask("email", screen.say(N_("Your address")), email),
        Ask("code", screen.say(N_("The code you were given"))),
    ]
    explained = screen.say(N_("With the code from your admin you take your account over. It works once."))
    title, verb = screen.say(N_("I have a code")), screen.say(N_("Go on"))
    found: Mapping[str, Any] | None = await screen.post.push_screen_wait(Form(title, asks, verb, explained, submit))
    return found


async def _begin(screen: WordedScreen[Any], opener: Mapping[str, str]) -> Mapping[str, Any]:
    begun: dict[str, Any] = await screen.api.post("/enrolment/begin", opener)
    return {**begun, "opener": {**opener, "email": begun["email"]}}


async def _accepted(screen: WordedScreen[Any], opened: Mapping[str, Any]) -> bool:
    happens = "\n\n".join(text for text in (opened["mode_text"], opened["closes_text"]) if text)
    title = screen.say(N_("Who can open your documents"))
    confirm = Confirm(title, happens, screen.say(N_("I accept")), grave=opened["closes_text"] is not None)
    accepted: bool | None = await screen.post.push_screen_wait(confirm)
    return bool(accepted)


async def _finished(screen: WordedScreen[Any], opened: Mapping[str, Any]) -> Mapping[str, Any] | None:
    explained = screen.say(TYPED, secret=letters(opened)) if opened["secret"] else screen.say(STAYS)
    asks = [
        *new_password(screen),
        Ask("totp", screen.say(N_("The code that the app shows now"))),
    ]
    title, verb = screen.say(N_("Password and second factor")), screen.say(N_("Finish"))
    form = FactorForm(title, asks, verb, explained, partial(_finish, screen, opened), opened)
    done: Mapping[str, Any] | None = await screen.post.push_screen_wait(form)
    return done


async def _finish(screen: WordedScreen[Any], opened: Mapping[str, Any], values: Mapping[str, str]) -> Any:
    body = {
        **opened["opener"],
        "password": chosen(screen, values),
        "totp": "".join(values["totp"].split()),
        "accepted_mode": opened["domain_mode"],
        "accepts_closing": opened["closes_text"] is not None,
    }
    return {**await screen.api.post("/enrolment/finish", body), "password": values["password"]}


def new_password(screen: WordedScreen[Any]) -> list[Ask]:
    """Typed twice."""
    return [
        Ask("password", screen.say(N_("New password (12 to 128 characters)")), secret=True),
        Ask("again", screen.say(N_("The same once more")), secret=True),
    ]


def chosen(screen: WordedScreen[Any], values: Mapping[str, str]) -> str:
    """Refusal if it was not typed twice the same."""
    if values["password"] != values["again"]:
        raise Refusal("unlike", screen.say(UNLIKE))
    return values["password"]


async def _show_codes(screen: WordedScreen[Any], codes: list[str]) -> None:
    listed = "\n".join(f"  {code}" for code in codes)
    words = f"{screen.say(KEEP)}\n\n{listed}"
    title, verb = screen.say(N_("Recovery codes, shown this once")), screen.say(N_("I have them"))
    await screen.post.push_screen_wait(ShownCode(title, words, verb, "postex-recovery-codes.txt"))


async def sign_in(screen: WordedScreen[Any], email: str, password: str) -> bool:
    """With the password that was just chosen, and the next code of the app."""

    async def submit(values: Mapping[str, str]) -> Any:
        code = "".join(values["code"].split())
        body = {"email": email, "password": password, "code": code, "client": CLIENT}
        return await screen.api.post("/sign-in", body)

    asks = [Ask("code", screen.say(N_("The next code of your app")))]
    form = Form(screen.say(N_("Sign in")), asks, screen.say(N_("Sign in")), screen.say(NEXT), submit)
    session = await screen.post.push_screen_wait(form)
    if session is not None:
        screen.post.signed_in(session)
    return session is not None
