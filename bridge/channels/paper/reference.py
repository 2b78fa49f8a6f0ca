"""The reference on a sheet: a delivery's id as people read and type it, with two characters that catch mistakes.

20 characters of Crockford's base32 (no I, L, O, U) hold the 12 octets of the id; two more are that number modulo
1021, a prime of which 32 is a root of high order: every wrong character and every two that changed places are caught,
anything else in 1020 of 1021 cases.
Groups of four: `K7QF-9M2X-0RTA-5WCE-V4ZD-8H`.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

OCTETS = 12
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("ILO", "110", "- ")
_LENGTH, _CHECK = 20, 2
_PRIME = 1021


def printed(public_id: str) -> str:
    """Of a delivery's public id."""
    number = int.from_bytes(urlsafe_b64decode(public_id), "big")
    text = _digits(number, _LENGTH) + _digits(number % _PRIME, _CHECK)
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def read(text: str) -> str | None:
    """The public id; None if it is no reference, or one with a mistake in it."""
    text = text.strip().upper().translate(_READ_AS)
    if len(text) != _LENGTH + _CHECK or not set(text) <= set(_ALPHABET):
        return None
    number, check = _number(text[:_LENGTH]), _number(text[_LENGTH:])
    if number >= 1 << (8 * OCTETS) or number % _PRIME != check:
        return None
    return urlsafe_b64encode(number.to_bytes(OCTETS, "big")).decode()


def _number(digits: str) -> int:
    number = 0
    for each in digits:
        number = number * 32 + _ALPHABET.index(each)
    return number


def _digits(number: int, count: int) -> str:
    return "".join(_ALPHABET[number >> (5 * place) & 31] for place in reversed(range(count)))
