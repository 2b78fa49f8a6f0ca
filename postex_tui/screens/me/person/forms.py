"""The questions behind the rows of About me: what is asked, in which words, and where the answer goes."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from bridge.i18n import LANGUAGES, N_
from postex_tui.answers import Refusal
from postex_tui.connection import Connection
from postex_tui.language import Say
from postex_tui.screens.dialogs import Ask, Form
from postex_tui.screens.me.person.rows import CATEGORIES, FIELDS, Known
from postex_tui.screens.pairs import PairForm

Submit = Callable[[Mapping[str, str]], Awaitable[Any]]
TOLD = N_("You are told of the change in your mailbox, and for 24 hours you can undo it.")
CHANGE = N_("Change")
EXTERNAL = N_(
    "Postex signs in there once, now, to see that it works. Use an app password if your provider has them. It is kept"
    " sealed and never shown again. You choose for which documents under How I receive."
)
NOTICES = N_(
    "As Apprise writes it, such as ntfys://ntfy.example.org/my-topic. A notice says that a document came, never what"
    " is in it."
)


class ExplainedPairs(PairForm):
    """Fields a line each, and below them what is to be known."""

    def will(self, values: Mapping[str, str]) -> str:
        return self._explained


class Forms:
    """For one reader. Each gives a form whose answer is the API's."""

    def __init__(self, api: Connection, known: Known, say: Say) -> None:
        self._api, self._known, self._say = api, known, say

    def of(self, name: str) -> Form | None:
        """The form behind a row; None where it takes more than a form."""
        if name in FIELDS and name != "postal-address":
            return self._field(name)
        made = {
            "postal-address": self._postal,
            "addresses": self._address,
            "language": self._language,
            "client-noted": self._client,
            "usage-switches": self._usage,
            "external-mailbox": self._external,
            "notice-url": self._notices,
            "secrets": self._password,
        }.get(name)
        return None if made is None else made()

    def _form(self, title: str, asks: list[Ask], submit: Submit, explained: str = "", verb: str = CHANGE) -> Form:
        say = self._say
        return Form(say(title), asks, say(verb), say(explained) if explained else "", submit)

    def _field(self, name: str) -> Form:
        titles = {
            "name": N_("Name"),
            "legal-name": N_("Name as in law"),
            "email": N_("Address here"),
            "contact-email": N_("E-mail address elsewhere"),
            "phone": N_("Telephone"),
        }
        member = FIELDS[name]

        async def submit(values: Mapping[str, str]) -> Any:
            return await self._api.patch("/me", {member: values["value"] or None})

        ask = Ask("value", self._say(titles[name]), self._known.me[member] or "")
        return self._form(titles[name], [ask], submit, TOLD)

    def _postal(self) -> Form:
        say, now = self._say, self._known.postal
        lines = [*now["lines"], "", "", ""]
        asks = [
            Ask("first", say(N_("Street and number")), lines[0]),
            Ask("second", say(N_("Postcode and place")), lines[1]),
            Ask("third", say(N_("Further line (may stay empty)")), lines[2]),
            Ask("country", say(N_("Country, two letters")), now["country"] or "NL"),
        ]

        async def submit(values: Mapping[str, str]) -> Any:
            given = [values[each] for each in ("first", "second", "third") if values[each]]
            return await self._api.put("/me/postal-address", {"lines": given, "country": values["country"]})

        return ExplainedPairs(say(N_("Postal address")), asks, say(CHANGE), say(TOLD), submit)

    def _address(self) -> Form:
        say = self._say
        asks = [
            Ask("address", say(N_("Address"))),
            Ask("only_from", say(N_("From this sender alone: an address, or @ and a domain (may stay empty)"))),
            Ask("label", say(N_("Label (may stay empty)"))),
        ]

        async def submit(values: Mapping[str, str]) -> Any:
            body = {name: value or None for name, value in values.items()}
            return await self._api.post("/accounts/me/aliases", body)

        explained = N_("Documents to it come to you. Give each sender one of its own, and you see who passed it on.")
        return self._form(N_("Another address"), asks, submit, explained, N_("Add"))

    def _language(self) -> Form:
        options = [(words, locale) for locale, words in LANGUAGES.items()]
        ask = Ask("locale", self._say(N_("Language")), self._known.me["locale"], options=options)

        async def submit(values: Mapping[str, str]) -> Any:
            return await self._api.patch("/me/settings", {"locale": values["locale"]})

        return self._form(
            N_("Language"), [ask], submit, N_("Of all that Postex writes to you, from its next message on.")
        )

    def _client(self) -> Form:
        noted = "yes" if self._known.me["client_noted"] else ""
        ask = Ask("noted", self._say(N_("Keep the name of my mail program with a device")), noted, tick=True)

        async def submit(values: Mapping[str, str]) -> Any:
            return await self._api.patch("/me/settings", {"client_noted": bool(values["noted"])})

        return self._form(N_("Note mail programs"), [ask], submit)

    def _usage(self) -> Form:
        off = self._known.usage["off"]
        asks = [
            Ask(each, self._say(words), "" if each in off else "yes", tick=True) for each, words in CATEGORIES.items()
        ]

        async def submit(values: Mapping[str, str]) -> Any:
            for each in CATEGORIES:
                if bool(values[each]) is (each in off):
                    await self._api.put(f"/me/usage/{each}", {"counted": bool(values[each])})
            return True

        explained = N_("Numbers by day, which you alone see. Switch one off: what was counted of it is deleted.")
        return self._form(N_("What is counted"), asks, submit, explained)

    def _external(self) -> Form:
        say, now = self._say, self._known.external or {}
        asks = [
            Ask("host", say(N_("IMAP server")), now.get("host", ""), "imap.example.org"),
            Ask("port", say(N_("Port (TLS)")), str(now.get("port", 993))),
            Ask("username", say(N_("User name there")), now.get("username", "")),
            Ask("password", say(N_("Password there")), secret=True),
            Ask("folder", say(N_("Folder there")), now.get("folder", "INBOX")),
            Ask("country", say(N_("Country, two letters")), now.get("country", "NL")),
        ]

        async def submit(values: Mapping[str, str]) -> Any:
            if not values["port"].isascii() or not values["port"].isdigit():
                raise Refusal("no-port", say(N_("The port is a number, such as 993.")), errors=[{"field": "port"}])
            return await self._api.put("/me/external-mailbox", {**values, "port": int(values["port"])})

        return ExplainedPairs(say(N_("Mailbox elsewhere")), asks, say(N_("Try and save")), say(EXTERNAL), submit)

    def _notices(self) -> Form:
        async def submit(values: Mapping[str, str]) -> Any:
            return await self._api.put("/me/notice-url", {"url": values["url"]})

        return self._form(N_("Service for notices"), [Ask("url", self._say(N_("Its URL")))], submit, NOTICES)

    def _password(self) -> Form:
        say = self._say
        asks = [
            Ask("password", say(N_("New password (12 to 128 characters)")), secret=True),
            Ask("again", say(N_("The same again")), secret=True),
        ]

        async def submit(values: Mapping[str, str]) -> Any:
            if values["password"] != values["again"]:
                raise Refusal("differ", say(N_("The two are not the same.")), errors=[{"field": "again"}])
            await self._api.post("/me/password", {"password": values["password"]})
            return True

        explained = N_("Your other sessions end. Devices go on with passwords of their own.")
        return self._form(N_("New password"), asks, submit, explained)

    def code(self, title: str, path: str, explained: str) -> Form:
        """A code that came by another way."""

        async def submit(values: Mapping[str, str]) -> Any:
            await self._api.post(path, {"code": "".join(values["code"].split())})
            return True

        return self._form(title, [Ask("code", self._say(N_("Code")))], submit, explained, N_("Confirm"))

    def leaving(self, typed: str) -> Form:
        """Erasing one's account, with its address typed."""
        say = self._say
        asks = [
            Ask("typed", say(N_("Type your address {address}"), address=typed)),
            Ask("now", say(N_("At once, without the time to think it over")), tick=True),
        ]

        async def submit(values: Mapping[str, str]) -> Any:
            if values["typed"].lower() != typed.lower():
                raise Refusal("not-typed", say(N_("That is not your address. Nothing happens without it.")))
            return await self._api.post("/accounts/me/erasure", {"now": bool(values["now"])})

        return self._form(N_("Erase my account"), asks, submit, ERASED, N_("Erase my account"))


ERASED = N_(
    "Your account closes now: nobody can sign in, and mail to you is refused. After the time to think it over all"
    " your documents, keys and particulars are erased for good, and no admin can bring them back. Export first if you"
    " want to keep them. You get a signed receipt."
)


def alias_path(address: str) -> str:
    return f"/accounts/me/aliases/{quote(address, safe='')}"
