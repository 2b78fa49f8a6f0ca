"""HTML mail as plain text, where there is no plain text: for paper, so without anything that would be fetched.

libxml2 reads what browsers would, bounded in depth and size, without network and without entities of its own.
Nothing is loaded, run or shown that the page hides; where a link leads stands behind its words.
"""

import re
from collections.abc import Iterator
from typing import Any

_SKIPPED = frozenset("script style head title template noscript object iframe svg math".split())  # noqa: SIM905
_BLOCKS = frozenset(
    "p div section article header footer main aside h1 h2 h3 h4 h5 h6 ul ol dl dt dd table tr pre blockquote"  # noqa: SIM905
    " address hr form fieldset figure".split()
)
_HIDDEN = re.compile(r"(display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\xa0]+")
MAX_CHARACTERS = 2_000_000


def text_of(html: str) -> str:
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
    return "" if root is None else _tidy("".join(_pieces(root)))


def _pieces(root: Any) -> Iterator[str]:
    """The text in the order of the page, without recursion; a piece may begin or end a line."""
    from lxml import etree

    hidden = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            if hidden is None and _is_hidden(element):
                hidden = element
            if hidden is None:
                yield _opening(element) + _BLANKS.sub(" ", element.text or "")
            continue
        if hidden is None:
            yield _closing(element)
        if hidden is element:
            hidden = None
        if hidden is None and element is not root:
            yield _BLANKS.sub(" ", element.tail or "")


def _is_hidden(element: Any) -> bool:
    return element.tag in _SKIPPED or "hidden" in element.attrib or bool(_HIDDEN.search(element.get("style", "")))


def _opening(element: Any) -> str:
    if element.tag == "br":
        return "\n"
    if element.tag == "li":
        return "\n• "
    return "\n" if element.tag in _BLOCKS else ""


def _closing(element: Any) -> str:
    if element.tag == "a":
        target = element.get("href", "").strip()
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
