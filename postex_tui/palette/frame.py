"""What the frame offers by keys, by name: browsers and phones keep some keys for themselves, or have none."""

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import Hit, Hits, Provider

from bridge.i18n import N_

if TYPE_CHECKING:
    from postex_tui.app import PostexApp

ACTS = {
    "help": N_("Which keys work here"),
    "menu": N_("To the list of sections"),
    "next_mode": N_("To the next mode"),
    "next_language": N_("The other language of the app"),
    "next_theme": N_("Other colours: light, dark, high contrast"),
    "quit": N_("Sign out and quit"),
}


class Frame(Provider):
    """Found, not listed: places come first."""

    async def search(self, query: str) -> Hits:
        post, matcher = cast("PostexApp", self.app), self.matcher(query)
        for act, words in ACTS.items():
            title = post.say(words)
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), partial(post.call_later, post.run_action, act))
