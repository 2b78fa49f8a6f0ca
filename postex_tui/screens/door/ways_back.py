"""The ways back for who lost the password or the second factor: a recovery code with what is left (S64)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from bridge.i18n import N_
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.door.enrol import chosen, new_password
from postex_tui.screens.door.second_factor import TYPED, FactorForm, letters
from postex_tui.screens.section import WordedScreen

PATH = "/sign-in/recovery"
PASSWORD, FACTOR = "password", "factor"
LEFT = N_("Done. {count} recovery codes are left. Sign in with what is new.")
BOTH = N_("Whoever lost both asks an admin for a reset.")


async def find_back(screen: WordedScreen[Any], email: str) -> None:
    """Asks what was lost; in a worker of the screen in front."""
    lost = [(screen.say(N_("my password")), PASSWORD), (screen.say(N_("my second factor")), FACTOR)]
    asks = [
        Ask("lost", screen.say(N_("I lost")), options=lost),
        Ask("email", screen.say(N_("Your address")), email),
        Ask("recovery_code", screen.say(N_("One of your recovery codes"))),
    ]
    title, verb = screen.say(N_("I lost something")), screen.say(N_("Go on"))
    opener = await screen.post.push_screen_wait(Form(title, asks, verb, screen.say(BOTH)))
    if opener is None:
        return
    known = {name: opener[name] for name in ("email", "recovery_code")}
    done = await (_password if opener["lost"] == PASSWORD else _factor)(screen, known)
    if done is not None:
        screen.post.tell(screen.say(LEFT, count=done["recovery_codes_left"]))


async def _password(screen: WordedScreen[Any], known: Mapping[str, str]) -> Any:
    async def submit(values: Mapping[str, str]) -> Any:
        body = {**known, "new_password": chosen(screen, values), "code": "".join(values["code"].split())}
        return await screen.api.post(PATH, body)

    asks = [*new_password(screen), Ask("code", screen.say(N_("Code of your second factor")))]
    form = Form(screen.say(N_("New password")), asks, screen.say(N_("Change")), submit=submit)
    return await screen.post.push_screen_wait(form)


async def _factor(screen: WordedScreen[Any], known: Mapping[str, str]) -> Any:
    async def begin(values: Mapping[str, str]) -> Any:
        opener = {**known, "password": values["password"]}
        return {**await screen.api.post(PATH, opener), "opener": opener}

    asks = [Ask("password", screen.say(N_("Password")), secret=True)]
    form = Form(screen.say(N_("New second factor")), asks, screen.say(N_("Go on")), submit=begin)
    begun = await screen.post.push_screen_wait(form)
    if begun is None:
        return None
    first = [Ask("code", screen.say(N_("The code that the app shows now")))]
    explained = screen.say(TYPED, secret=letters(begun))
    submit = partial(_set_factor, screen, begun["opener"])
    title, verb = screen.say(N_("New second factor")), screen.say(N_("Finish"))
    return await screen.post.push_screen_wait(FactorForm(title, first, verb, explained, submit, begun))


async def _set_factor(screen: WordedScreen[Any], opener: Mapping[str, str], values: Mapping[str, str]) -> Any:
    return await screen.api.post(PATH, {**opener, "new_code": "".join(values["code"].split())})
