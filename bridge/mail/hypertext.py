"""HTML mail as plain text: for paper where there is no plain text, and for replies (`own_hypertext`).

libxml2 reads what browsers would, bounded in depth and size, without network and without entities of its own.
Nothing is loaded, run or shown that the page hides.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_SKIPPED = frozenset("script style head title template noscript object iframe svg math".split())  # noqa: SIM905
_BLOCKS = frozenset(
    "p div section article header footer main aside h1 h2 h3 h4 h5 h6 ul ol dl dt dd table tr pre blockquote"  # noqa: SIM905
    " address hr form fieldset figure".split()
)
_HIDDEN = re.compile(r"(display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\xa0]+")
MAX_CHARACTERS = 2_000_000


def _never(element: Any) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class View:
    """What is read of a page."""

    instead: Callable[[Any], str | None]
    """What stands for an element and all in it; None: the element itself."""
    ends: Callable[[Any], bool] = _never
    """Whether nothing is read from an element on."""
    shows_links: bool = True
    """Whether behind the words of a link stands where it leads."""


def hidden(element: Any) -> str | None:
    """A `View.instead`: nothing stands for what the page hides."""
    is_hidden = element.tag in _SKIPPED or "hidden" in element.attrib or _HIDDEN.search(element.get("style", ""))
    return "" if is_hidden else None


PRINTED = View(hidden)


def text_of(html: str, view: View = PRINTED) -> str:
    """Never raises on any text; "" where nothing can be read."""
    from lxml import etree

    # The text is decoded already: a charset that the page itself names must not count again.
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(html[:MAX_CHARACTERS].encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return ""
    return "" if root is None else _tidy("".join(_pieces(root, view)))


def _pieces(root: Any, view: View) -> Iterator[str]:
    """The text in the order of the page, without recursion; a piece may begin or end a line."""
    from lxml import etree

    left_out = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            if left_out is not None:
                continue
            if view.ends(element):
                return
            instead = view.instead(element)
            left_out = None if instead is None else element
            yield _opening(element) + _BLANKS.sub(" ", element.text or "") if instead is None else instead
            continue
        if left_out is None:
            yield _closing(element, view)
        if left_out is element:
            left_out = None
        if left_out is None and element is not root:
            yield _BLANKS.sub(" ", element.tail or "")


def _opening(element: Any) -> str:
    if element.tag == "br":
        return "\n"
    if element.tag == "li":
        return "\n• "
    return "\n" if element.tag in _BLOCKS else ""


def _closing(element: Any, view: View) -> str:
    if element.tag == "a":
        target = element.get("href", "").strip() if view.shows_links else ""
        shown = target.startswith(("https://", "http://")) and target not in (element.text or "")
        return f" <{target}>" if shown else ""
    if element.tag in ("td", "th"):
        return "    "
    return "\n" if element.tag in _BLOCKS else ""


def _tidy(text: str) -> str:
    """At most one empty line in a row, no blanks at the ends of lines."""
    lines: list[str] = []
    for line in (" ".join(line.split(" ")).strip() for line in text.split("\n")):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip("\n")
