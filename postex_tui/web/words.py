"""What a page says itself, where the app in it cannot: before it has started, and after it ended."""

from bridge.i18n import N_, text

WORDS = {
    "starting": N_("Postex is opening …"),
    "readers": N_(
        "The app draws a terminal, which screen readers can hardly read. All that it can do, the postex command can"
        " do in plain words, and any mail program reads your documents. Ask your admin for a way to the command line."
    ),
    "no_script": N_(
        "Postex shows itself in this page by JavaScript. Your mail program reads your documents without it."
    ),
    "again": N_("The page was loaded anew: you are signed out. Please sign in again."),
    "over": N_("The connection is over. What you had confirmed is done; what you were typing was not sent."),
    "unopened": N_("Postex did not open here. Try again in a minute; it may be busy. It lives at this address:"),
    "open": N_("Open again"),
}


def spoken(locale: str) -> dict[str, str]:
    """All of them in the language of the reader."""
    return {name: text(locale, words) for name, words in WORDS.items()}
