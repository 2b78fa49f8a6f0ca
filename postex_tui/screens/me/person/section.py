"""About me: who one is, settings, secrets, mailbox elsewhere, and leaving; changed, confirmed, undone (S45, S48)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import DataTable

from bridge.i18n import LANGUAGES, N_
from postex_tui.answers import Refusal
from postex_tui.screens.dialogs import Ask, Confirm, Form, ShownOnce
from postex_tui.screens.me.exporting import ExportScreen
from postex_tui.screens.me.person.forms import Forms, alias_path
from postex_tui.screens.me.person.rows import FIELDS, FORGOTTEN, Known, Row, rows
from postex_tui.screens.qr_shown import QrShown
from postex_tui.screens.words.times import moment
from postex_tui.terminal import qr
from postex_tui.widgets.paged_grid import PagedGrid
from postex_tui.widgets.plain import Line

CLOSES = N_(
    "You cannot sign in any more, and mail to you is refused from now on. What is kept stays until its time is over;"
    " until then your admin can open the account again."
)
FORGETS = N_("{what} is forgotten at once and for good, here and in its history. There is a signed receipt.")
REMOVED = N_("Removed.")


class Person(ExportScreen):
    """A row for each."""

    NAME = "me"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "change", N_("Change")),
        Binding("d", "remove", N_("Remove")),
        Binding("v", "verify", N_("Confirm")),
        Binding("u", "undo", N_("Undo")),
        Binding("x", "export", N_("Export")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._known: Known | None = None
        self._wanted: str | None = None

    # --- what is seen ---

    def contents(self) -> Iterable[Widget]:
        columns = [
            ("title", self.say(N_("What")), 23),
            ("value", self.say(N_("Now")), 24),
            ("note", self.say(N_("To know")), 23),
        ]
        yield PagedGrid(columns, _cells, id="rows")
        yield Line(self.say(N_("Enter changes what the cursor is on.")), classes="note", lines=True)

    async def fetch(self) -> Any:
        usage, postal = await self.api.get("/me/usage"), await self.api.get("/me/postal-address")
        return Known(
            me=await self.api.get("/me"),
            postal=postal,
            changes=await self.api.get("/accounts/me/changes"),
            usage=usage,
            external=await self._or_none("/me/external-mailbox"),
            notices=await self._or_none("/me/notice-url"),
            aliases=(await self.api.get("/accounts/me/aliases"))["aliases"],
            erasures=await self.api.get("/accounts/me/erasures"),
        )

    async def _or_none(self, path: str) -> Any:
        try:
            return await self.api.get(path)
        except Refusal as refusal:
            if refusal.code != "not-found":
                raise
            return None

    def show(self, content: Known) -> bool:
        self._known = content
        items = [{"row": row} for row in rows(content, self.say)]
        self.query_one("#rows", PagedGrid).begin_whole(items)
        if self._wanted is not None:
            self.seek(self._wanted)
        self.refresh_bindings()
        return True

    def seek(self, name: str) -> None:
        """Put the cursor on a row, now or once it is there."""
        grid = self.query_one("#rows", PagedGrid) if self.query("#rows") else None
        self._wanted = name
        if grid is not None and name in grid.items:
            self._wanted = None
            grid.move_cursor(row=grid.get_row_index(name))
            grid.focus()

    def ask(self, name: str) -> None:
        """Open the question behind a row."""
        self.seek(name)
        self._ask(name)

    @property
    def here(self) -> str:
        return (self.query_one("#rows", PagedGrid).key_here or "") if self.query("#rows") else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        known = self._known
        if known is None:
            return action not in ("change", "remove", "verify", "undo")
        if action == "undo":
            return bool(known.undoable) or known.leaving is not None
        if action == "remove":
            return self._removal(self.here) is not None
        return action != "verify" or self.here in self._verifications(known)

    @on(DataTable.RowHighlighted, "#rows")
    def _moved(self) -> None:
        self.refresh_bindings()

    # --- what is done ---

    @on(DataTable.RowSelected, "#rows")
    def action_change(self) -> None:
        self._ask(self.here)

    @work(group="ask")
    async def _ask(self, name: str) -> None:
        if self._known is None:
            self._known = await self.fetch()
        forms, special = Forms(self.api, self._known, self.say), self._specials.get(name)
        if special is not None:
            await special(forms)
            return
        form = forms.of(name)
        made = None if form is None else await self.post.push_screen_wait(form)
        if made is not None:
            self._is_changed(made)

    @property
    def _specials(self) -> Mapping[str, Callable[[Forms], Any]]:
        return {
            "totp": self._new_factor,
            "recovery-codes": self._new_codes,
            "close": self._close,
            "erase": self._erase,
        }

    def _is_changed(self, made: Any) -> None:
        undo = isinstance(made, dict) and bool(made.get("changes"))
        self.post.tell(self.say(N_("Changed. Press u to undo it.") if undo else N_("Done.")))
        if isinstance(made, dict) and made.get("locale") in LANGUAGES:
            self.post.locale = made["locale"]
        self.reload()

    async def _new_factor(self, forms: Forms) -> None:
        begun = await self._proven(lambda: self.api.post("/me/totp/begin"))
        if begun is None:
            return
        scan = self.say(N_("Scan it with your codes app, or type {secret}"), secret=qr.in_groups(begun["secret"]))
        await self.post.push_screen_wait(QrShown(scan, begun["otpauth_uri"], "postex-code.svg"))
        explained = N_("The first code that your app shows now. Until then the second factor of before counts.")
        form = forms.code(N_("New second factor"), "/me/totp/finish", explained)
        if await self.post.push_screen_wait(form):
            self.post.tell(self.say(N_("The new second factor counts from now on; the one before does not.")))

    async def _new_codes(self, forms: Forms) -> None:
        happens = self.say(N_("You get ten new codes, shown this once. Those of before open nothing any more."))
        title = self.say(N_("New recovery codes?"))
        if not await self.post.push_screen_wait(Confirm(title, happens, self.say(N_("Make them")))):
            return
        made = await self._proven(lambda: self.api.post("/me/recovery-codes"))
        if made is not None:
            shown = "\n".join([self.say(N_("Keep them where nobody else looks, on paper for instance:")), ""])
            codes = "\n".join(f"  {each}" for each in made["recovery_codes"])
            title, verb = self.say(N_("Recovery codes")), self.say(N_("I have kept them"))
            await self.post.push_screen_wait(ShownOnce(title, f"{shown}\n{codes}", verb))

    async def _close(self, forms: Forms) -> None:
        asked = Confirm(self.say(N_("Close my account?")), self.say(CLOSES), self.say(N_("Close")), grave=True)
        if await self.post.push_screen_wait(asked):
            done = await self._proven(lambda: self.api.post("/accounts/me/closure"), told={})
            if done is not None:
                self.post.leave(self.say(N_("Your account is closed.")))

    async def _erase(self, forms: Forms) -> None:
        known = self._known
        if known is None:
            return
        made = await self.post.push_screen_wait(forms.leaving(known.me["email"]))
        if made is None:
            return
        if made["receipt"] is not None:
            import json

            await self.post.hand_over(f"erasure-{made['id']}.json", json.dumps(made["receipt"], indent=1).encode())
            self.post.leave(self.say(N_("Your account is erased.")))
            return
        self.post.leave(self.say(N_("Your account is erased after {at}."), at=moment(made["due_at"])))

    async def _proven(self, call: Callable[[], Any], told: Any = None) -> Any:
        """What the API gives; None if it refused, which is told, or the person went back."""
        try:
            answer = await self.post.proven(call)
        except Refusal as refusal:
            self.post.tell(refusal.message, wrong=True)
            return None
        if answer is None:
            return None
        return answer.content if told is None else (answer.content or told)

    # --- taking away ---

    def _removal(self, name: str) -> str | None:
        """What `d` does to a row: erase the field, or remove the thing; None: nothing."""
        known = self._known
        if known is None:
            return None
        if name in FORGOTTEN:
            return f"/me/fields/{name}/erasure" if known.me[FIELDS[name]] else None
        there = {"external-mailbox": known.external, "notice-url": known.notices, "addresses": known.aliases or None}
        return f"/me/{name}" if there.get(name) is not None else None

    @work(group="ask")
    async def action_remove(self) -> None:
        name, path = self.here, self._removal(self.here)
        if path is None:
            return
        title = self.query_one("#rows", PagedGrid).items[name]["row"].title
        if name in FORGOTTEN:
            happens, call = self.say(FORGETS, what=title), lambda: self.api.post(path)
        elif name == "addresses":
            await self._remove_address()
            return
        else:
            happens = self.say(N_("It is not used any more, and what was kept of it is deleted."))
            call = lambda: self.api.delete(path)  # noqa: E731 - one of two calls
        asked = Confirm(self.say(N_("Remove {what}?"), what=title), happens, self.say(N_("Remove")), grave=True)
        if await self.post.push_screen_wait(asked):
            self.act(call, self._is_removed)

    async def _remove_address(self) -> None:
        known = self._known
        assert known is not None
        options = [(each["address"], each["address"]) for each in known.aliases]

        async def submit(values: Mapping[str, str]) -> Any:
            await self.api.delete(alias_path(values["address"]))
            return True

        ask = Ask("address", self.say(N_("Address")), options=options)
        explained = self.say(N_("Mail to it is refused from now on."))
        form = Form(self.say(N_("Remove an address")), [ask], self.say(N_("Remove")), explained, submit)
        if await self.post.push_screen_wait(form):
            self._is_removed(None)

    def _is_removed(self, made: Any) -> None:
        self.post.tell(self.say(REMOVED))
        self.reload()

    # --- confirming and undoing ---

    def _verifications(self, known: Known) -> set[str]:
        there = {
            "contact-email": bool(known.me["contact_email"]) and not known.me["contact_email_verified"],
            "postal-address": known.postal["returned_at"] is not None,
            "notice-url": known.notices is not None,
        }
        return {name for name, is_there in there.items() if is_there}

    @work(group="ask")
    async def action_verify(self) -> None:
        match self.here:
            case "contact-email":
                await self._verify_contact()
            case "postal-address":
                self.act(lambda: self.api.post("/me/postal-address/confirm"), self._is_changed)
            case "notice-url":
                self.act(lambda: self.api.post("/me/notice-url/test"), self._is_tried)

    async def _verify_contact(self) -> None:
        begun = await self._proven(lambda: self.api.post("/me/contact/verification"))
        if begun is None or self._known is None:
            return
        explained = N_("A code is on its way to your e-mail address elsewhere. Type it here.")
        form = Forms(self.api, self._known, self.say).code(
            N_("Confirm the address"), "/me/contact/verification/confirm", explained
        )
        if await self.post.push_screen_wait(form):
            self._is_changed(None)

    def _is_tried(self, made: Any) -> None:
        self.post.tell(self.say(N_("A notice was sent there: it says that it is a test.")))
        self.reload()

    @work(group="ask")
    async def action_undo(self) -> None:
        """The change of the row one is on, or the newest; before that, leaving."""
        known = self._known
        if known is None:
            return
        if known.leaving is not None:
            self.act(lambda: self.api.delete("/accounts/me/erasure"), self._is_changed)
            return
        of_row = [each for each in known.undoable if each["field"] == FIELDS.get(self.here)]
        change = (of_row or known.undoable)[0]
        happens = self.say(
            N_("It is again: {old} (now: {new}). You are told in your mailbox."),
            old=change["old_value"] or "–",
            new=change["new_value"] or "–",
        )
        asked = Confirm(self.say(N_("Undo this change?")), happens, self.say(N_("Undo")))
        if await self.post.push_screen_wait(asked):
            self.act(lambda: self.api.post(f"/me/changes/{change['id']}/undo"), self._is_undone)

    def _is_undone(self, made: Any) -> None:
        self.post.tell(self.say(N_("Undone.")))
        self.reload()


def _cells(item: Mapping[str, Any]) -> tuple[str, list[object]]:
    row: Row = item["row"]
    return row.name, [row.title, row.value, row.note]
