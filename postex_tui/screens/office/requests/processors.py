"""Room: third parties that carry documents and notices, and what their contracts let them have (S68)."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from bridge.i18n import N_
from postex_tui.screens.dialogs import Ask, Confirm
from postex_tui.screens.office.requests.waiting import CHANGE, END, NEW, Waiting
from postex_tui.screens.words.times import moment
from postex_tui.widgets.paged_grid import Item

KINDS = {
    "relay": N_("e-mail"),
    "printer": N_("paper"),
    "messenger": N_("notices by another road"),
    "backup": N_("backups"),
}
FIELDS = {
    "address": N_("e-mail address"),
    "name": N_("name"),
    "postal-address": N_("postal address"),
    "sender": N_("domain of the sender"),
    "type": N_("type of the document"),
    "reference": N_("our own number"),
    "title": N_("subject or file name"),
    "document": N_("the document"),
    "sealed": N_("documents that it cannot read"),
}


class Processors(Waiting):
    """The register."""

    NAME, TITLE, ACTION, PLACE = "processors", N_("Processors"), "processor.list", "/processors"
    EMPTY = N_("Nobody else carries documents or notices for you.")
    KEYS = {  # noqa: RUF012 - a table of the class
        NEW: ("processor.change", N_("Enter one")),
        CHANGE: ("processor.change", N_("Change it")),
        END: ("processor.change", N_("Remove it")),
    }
    COLUMNS = (
        ("name", N_("Name"), 22),
        ("kind", N_("Kind"), 14),
        ("country", N_("Country"), 8),
        ("contract", N_("Contract"), 10),
        ("fields", N_("May have"), 24),
    )

    def row(self, item: Item) -> tuple[str, list[object]]:
        cells = [item["name"], self.say(KINDS[item["kind"]]), item["country"], item["contract_date"] or "–"]
        return item["name"], [*cells, self._fields(item)]

    def _fields(self, item: Item) -> str:
        return ", ".join(self.say(FIELDS[each]) for each in item["fields"]) or "–"

    def facts(self, item: Item) -> Iterable[tuple[str, object]]:
        yield self.say(N_("Name")), item["name"]
        yield self.say(N_("Carries")), self.say(KINDS[item["kind"]])
        europe = N_("{country}, where documents may go") if item["in_europe"] else N_("{country}: notices alone")
        yield self.say(N_("Country")), self.say(europe, country=item["country"])
        yield self.say(N_("Contract of")), item["contract_date"] or self.say(N_("not entered"))
        yield self.say(N_("May have")), self._fields(item)
        yield self.say(N_("Changed")), moment(item["changed_at"])

    def pressed(self, key: str, item: Item | None) -> None:
        if key == END and item is not None:
            self._remove(item)
        elif key in (NEW, CHANGE):
            self._put(item if key == CHANGE else None)

    def _put(self, item: Item | None) -> None:
        asks = [
            *([] if item else [Ask("name", self.say(N_("Name, as in the settings of relay or printer")))]),
            Ask("kind", self.say(N_("Carries")), item["kind"] if item else "relay", options=self._kinds()),
            Ask("country", self.say(N_("Country, two letters")), item["country"] if item else "", hint="NL"),
            Ask("date", self.say(N_("Contract of (day)")), (item["contract_date"] or "") if item else ""),
            *(
                Ask(f"may-{field}", self.say(words), "yes" if item and field in item["fields"] else "", tick=True)
                for field, words in FIELDS.items()
            ),
        ]

        async def put(values: Mapping[str, str]) -> Any:
            name = quote(item["name"] if item else values["name"], safe="")
            body = {
                "kind": values["kind"],
                "country": values["country"],
                "contract_date": values["date"] or None,
                "fields": [field for field in FIELDS if values[f"may-{field}"]],
            }
            return await self.desk.api.put(f"{self.PLACE}/{name}", body)

        happens = N_("What is ticked may be handed over, from the next hand-over on, and nothing else.")
        title = N_("Change a processor") if item else N_("Enter a processor")
        form = self.form(title, asks, N_("Save"), self.say(happens), put)
        self.desk.filled(form, lambda made: self.say(N_("In the register: {name}."), name=made["name"]))

    def _kinds(self) -> list[tuple[str, str]]:
        return [(self.say(words), kind) for kind, words in KINDS.items()]

    def _remove(self, item: Item) -> None:
        happens = N_("{name} is given nothing from now on; what waits for it stays in the outbox.")
        asked = Confirm(
            self.say(N_("Remove this processor?")),
            self.say(happens, name=item["name"]),
            self.say(N_("Remove it")),
            grave=True,
        )
        path = f"{self.PLACE}/{quote(item['name'], safe='')}"
        self.desk.sure(asked, lambda: self.desk.api.delete(path), self.say(N_("Removed.")))
