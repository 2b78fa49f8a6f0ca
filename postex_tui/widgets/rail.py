"""The sections of the mode one is in, at the left; on a narrow screen it is opened by F2 instead."""

from typing import TYPE_CHECKING, cast

from textual.widgets import OptionList

from postex_tui.widgets.plain import Menu

if TYPE_CHECKING:
    from postex_tui.app import PostexApp


class Rail(Menu):
    """Choosing a row goes there."""

    def __init__(self, here: str, *, id: str = "rail") -> None:
        super().__init__(id=id)
        self._here = here

    @property
    def post(self) -> "PostexApp":
        return cast("PostexApp", self.app)

    def on_mount(self) -> None:
        shown = self.post.sections
        self.offer([(section.name, self.post.say(section.title), True) for section in shown])
        names = [section.name for section in shown]
        self.highlighted = names.index(self._here) if self._here in names else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id is not None:
            self.post.go(event.option_id)
