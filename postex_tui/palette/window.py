"""The command palette: Textual's, in words of the reader's language."""

from collections.abc import Callable
from functools import partial

from textual.command import Command, CommandList, CommandPalette, SearchIcon

from bridge.i18n import N_
from postex_tui.widgets.plain import option

FIND = N_("Search for a section, a person, a thing to do …")
NOTHING = N_("Nothing was found.")


class Palette(CommandPalette):
    """`say`: of the app."""

    def __init__(self, say: Callable[[str], str]) -> None:
        super().__init__(placeholder=say(FIND))
        self._nothing = say(NOTHING)

    def on_mount(self) -> None:
        """Not a picture that many terminals have no letter for."""
        self.query_one(SearchIcon).icon = ">"

    def _refresh_command_list(self, command_list: CommandList, commands: list[Command], clear_current: bool) -> None:
        """What fits alike stands by name, not in the order in which answers came; who has gone down stays there."""
        chosen = None if clear_current or not command_list.highlighted else command_list.highlighted_option
        by_name = sorted(commands, key=lambda command: command.hit.text or "")
        super()._refresh_command_list(command_list, by_name, clear_current)
        if chosen in command_list.options:
            command_list.highlighted = command_list.options.index(chosen)

    def _start_no_matches_countdown(self, search_value: str) -> None:
        """Overrides Textual's own, whose words are English."""
        self._stop_no_matches_countdown()
        told = partial(self._tell, bool(search_value))
        self._no_matches_timer = self.set_timer(self._NO_MATCHES_COUNTDOWN, told)

    def _tell(self, is_search: bool) -> None:
        """Nothing was found; where nothing was sought, that is nothing to tell."""
        if is_search:
            self.query_one(CommandList).add_option(option(self._NO_MATCHES, self._nothing, enabled=False))
        self._list_visible = is_search
