"""Parameters of Content-Type and Content-Disposition."""

import pytest

from bridge.mail.parameters import MAX_PARAMETERS, parse, seven_bit


@pytest.mark.parametrize(
    ("text", "value", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        ('text/plain; Charset="utf-8" ; format=flowed;', "text/plain", {"charset": "utf-8", "format": "flowed"}),
        ("text/plain (a (nested) comment); charset=x (c)", "text/plain", {"charset": "x"}),
        ('a/b; name="a;b\\"c(d)"', "a/b", {"name": 'a;b"c(d)'}),
        ("a/b;; ; name=x", "a/b", {"name": "x"}),
        ("a/b; name=a b.pdf; charset=x y", "a/b", {"name": "a b.pdf", "charset": "x"}),
        ("a/b; charset", "a/b", {}),
        ("a/b; charset=", "a/b", {"charset": ""}),
        ('a/b; name="open', "a/b", {"name": "open"}),
        ("a/b; x=1; X=2", "a/b", {"x": "1"}),
        ("", "", {}),
        # RFC 2231 section 3 and 6: continuations are joined, in any order, up to the first that is missing
        ("a/b; name*1=b; name*0=a", "a/b", {"name": "ab"}),
        ("a/b; name*0=a; name*2=c", "a/b", {"name": "a"}),
        ("a/b; name*1=b; name*2=c", "a/b", {"name*1": "b", "name*2": "c"}),
        # section 4.1: charset and percent-encoding are the client's business
        ("a/b; name*0*=utf-8''%C3%A9; name*1=\"b c\"", "a/b", {"name*": "utf-8''%C3%A9b%20c"}),
        ("a/b; name*=utf-8'nl'x%20y", "a/b", {"name*": "utf-8'nl'x%20y"}),
        ("a/b; name*0=x; name*1*=%20y", "a/b", {"name*": "''x%20y"}),
    ],
)
def test_parse(text, value, parameters):
    found = parse(text)
    assert (found.value, found.parameters) == (value, parameters)


def test_only_so_many_parameters_are_read():
    found = parse("a/b" + "".join(f"; a{i}=b" for i in range(1000)))
    assert len(found.parameters) == MAX_PARAMETERS


def test_raw_8_bit_values_leave_in_the_extended_form_of_rfc_2231():
    """Dovecot sends the raw bytes as a literal; RFC 6855 section 3 keeps them for UTF8=ACCEPT."""
    given = {"name": "é.pdf", "filename": "\udce9", "x": "y", "t*": "utf-8''é"}
    assert seven_bit(given) == {
        "name*": "utf-8''%C3%A9.pdf",
        "filename*": "utf-8''%C3%A9",
        "x": "y",
        "t*": "utf-8''%C3%A9",
    }


def test_an_extended_value_that_was_sent_is_preferred():
    assert seven_bit({"name": "é", "name*": "utf-8''e"}) == {"name*": "utf-8''e"}
