"""IMAP strings: text → `quoted` or NIL (RFC 3501 section 9), always 7-bit, never a literal.

What a quoted string cannot hold is made safe instead of being sent as a literal: 8-bit text becomes RFC 2047 encoded
words (RFC 6855 forbids raw UTF-8 before ENABLE UTF8=ACCEPT), a stray CR or LF becomes a space and NUL a question
mark. None of them is valid in a header, and the message itself keeps them.
"""

import re

from bridge.mail.words import encoded_words

_UNSAFE = re.compile(r'["\\\r\n\0\x80-\U0010ffff]')
_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "\r": " ", "\n": " ", "\0": "?"})


def quoted(text: str) -> str:
    if _UNSAFE.search(text) is None:
        return f'"{text}"'
    return '"' + encoded_words(text).translate(_ESCAPES) + '"'


def quoted_or_nil(text: str | None) -> str:
    return "NIL" if text is None else quoted(text)
