"""What the writer of a reply wrote in HTML: without what their program quotes, signs or hides (see `new_text`).

Contract: pure, never raises. Programs mark what they quote by elements of their own; where a quotation stood the text
has a line `>`, so that the line that introduces it goes with it. What is hidden counts for nothing; a page with a
style sheet that hides things is not read at all, as nobody can say then what its writer saw.
"""

import re
from typing import Any

from bridge.mail import hypertext
from bridge.mail.hypertext import View

_QUOTE = "\n>\n"
_QUOTES = frozenset(
    [
        "gmail_quote",
        "gmail_quote_container",
        "yahoo_quoted",
        "protonmail_quote",
        "tutanota_quote",
        "mail-editor-reference-message-container",
        "messagereplysection",
        "quote",
    ]
)
"""Names (id, class or name) of elements around what is quoted."""
_SIGNS = frozenset(
    [
        "gmail_signature",
        "moz-signature",
        "protonmail_signature_block",
        "applemailsignature",
        "ms-outlook-mobile-signature",
        "signature",
        "moz-cite-prefix",
        "gmail_attr",
        "reply-intro",
    ]
)
"""Around a signature, or the line that introduces a quotation."""
_ENDS = frozenset(
    [
        "appendonsend",
        "divrplyfwdmsg",
        "outlookmessageheader",
        "_mailoriginal",
        "stopspelling",
        "zwchr",
        "moz-forward-container",
    ]
)
"""From here on nothing is the writer's."""
_UNSEEN = frozenset(["details", "dialog", "datalist", "select", "textarea", "audio", "video", "canvas", "noframes"])
_OUTLOOK_HEADER = re.compile(r"border-top:\s*solid\s+#(e1e1e1|b5c4df)\s+1\.0pt", re.IGNORECASE)
_HIDES = re.compile(
    r"(?<![\w-])(display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|mso-hide\s*:\s*all|clip(-path)?\s*:"
    r"|(opacity|font-size|(max-)?(height|width))\s*:\s*0(?![.\d]*[1-9])|color\s*:\s*transparent"
    r"|(text-indent|left|top|margin-left|margin-top)\s*:\s*-\d{3}|position\s*:\s*(absolute|fixed))",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"/\*[^*]*\*+([^/*][^*]*\*+)*/")
_ESCAPE = re.compile(r"\\[^:]")
"""By which a word of a style could be written so that it is not found; `v\\:*` is in the sheets of Outlook."""


def own_text(html: str) -> str | None:
    """Lines, for `new_text.own_lines`; None: it cannot be said what its writer saw."""
    sheets: list[str] = []

    def instead(element: Any) -> str | None:
        if element.tag in ("head", "style"):
            sheets.extend(sheet.text or "" for sheet in element.iter("style"))
        return _instead(element)

    text = hypertext.text_of(html, View(instead, _ends, shows_links=False))
    return None if any(map(_hides, sheets)) else text


def _instead(element: Any) -> str | None:
    names = _names(element)
    if element.tag == "blockquote" or names & _QUOTES:
        return _QUOTE
    if names & _SIGNS or element.tag in _UNSEEN or _hides(element.get("style", "")):
        return ""
    return hypertext.hidden(element)


def _ends(element: Any) -> bool:
    return bool(_names(element) & _ENDS) or bool(_OUTLOOK_HEADER.search(element.get("style", "")))


def _names(element: Any) -> frozenset[str]:
    """Without the `x_` that some programs put in front of those of others."""
    said = " ".join(element.get(each, "") for each in ("id", "class", "name")).lower()
    return frozenset(name.removeprefix("x_") for name in said.split())


def _hides(style: str) -> bool:
    plain = _COMMENT.sub("", style)
    return bool(_HIDES.search(plain) or _ESCAPE.search(plain))
