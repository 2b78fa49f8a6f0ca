"""What needs doing, out of what is known: each alert at its edge, and words for all of them."""

from dataclasses import replace

import pytest

from bridge.alerts import (
    AT_ONCE,
    DAY,
    GB,
    OLD_BACKUP,
    OLD_DRILL,
    OLD_VERIFICATION,
    OLDEST_BACKUP,
    SOON,
    Machine,
    Severity,
    Standing,
    alerts,
)
from bridge.i18n import LOCALES, N_, Amount, text
from postex_tui.sections import SECTIONS

NOW = 1_760_000_000
WELL = Machine(
    is_running=True,
    is_writable=True,
    total_bytes=100 * GB,
    free_bytes=50 * GB,
    certificate_ends_at=NOW + 90 * DAY,
    begun_at=NOW - 400 * DAY,
    backup_at=NOW - DAY,
    drill_at=NOW - DAY,
    drill_failed=False,
    verified_at=NOW - DAY,
    log_broken=False,
    refused_writes=0,
    damaged=0,
)
QUIET = Standing(now=NOW, machine=WELL)


def codes(standing: Standing) -> list[tuple[str, str]]:
    return [(each.code, each.severity.value) for each in alerts(standing)]


def of_machine(**other: object) -> list[tuple[str, str]]:
    return codes(replace(QUIET, machine=replace(WELL, **other)))  # type: ignore[arg-type]


def test_where_all_is_well_nothing_needs_doing() -> None:
    assert codes(QUIET) == codes(Standing(now=NOW)) == []


def test_a_bridge_made_just_now_lacks_nothing_yet() -> None:
    assert of_machine(begun_at=NOW, backup_at=None, drill_at=None, verified_at=None) == []
    assert of_machine(begun_at=None, backup_at=None, drill_at=None, verified_at=None) == []


@pytest.mark.parametrize(
    ("other", "code", "severity"),
    [
        ({"is_running": False}, "not-running", "critical"),
        ({"is_writable": False, "refused_writes": 3}, "not-writable", "critical"),
        ({"refused_writes": 1}, "writes-refused", "critical"),
        ({"damaged": 1}, "damaged", "critical"),
        ({"free_bytes": 10 * GB - 1}, "disk-full", "warning"),
        ({"free_bytes": 3 * GB}, "disk-full", "critical"),
        ({"total_bytes": 4000 * GB, "free_bytes": 20 * GB - 1}, "disk-full", "warning"),
        ({"certificate_ends_at": NOW + SOON - 1}, "certificate-ends", "warning"),
        ({"certificate_ends_at": NOW + AT_ONCE - 1}, "certificate-ends", "critical"),
        ({"certificate_ends_at": NOW}, "certificate-ended", "critical"),
        ({"certificate_ends_at": None}, "certificate-unreadable", "critical"),
        ({"backup_at": NOW - OLD_BACKUP - 1}, "no-backup", "warning"),
        ({"backup_at": NOW - OLDEST_BACKUP - 1}, "no-backup", "critical"),
        ({"backup_at": None}, "no-backup", "critical"),
        ({"backup_at": None, "begun_at": NOW - OLD_BACKUP - 1}, "no-backup", "warning"),
        ({"drill_failed": True}, "drill-failed", "critical"),
        ({"drill_at": NOW - OLD_DRILL - 1}, "no-drill", "notice"),
        ({"drill_at": None}, "no-drill", "notice"),
        ({"log_broken": True}, "log-broken", "critical"),
        ({"verified_at": NOW - OLD_VERIFICATION - 1}, "log-unverified", "notice"),
        ({"verified_at": None}, "log-unverified", "notice"),
    ],
)
def test_what_is_wrong_with_the_machine(other: dict[str, object], code: str, severity: str) -> None:
    assert of_machine(**other) == [(code, severity)]


@pytest.mark.parametrize(
    "other",
    [
        {"free_bytes": 10 * GB},
        {"certificate_ends_at": NOW + SOON},
        {"backup_at": NOW - OLD_BACKUP},
        {"drill_at": NOW - OLD_DRILL},
        {"verified_at": NOW - OLD_VERIFICATION},
    ],
)
def test_on_the_edge_it_is_well(other: dict[str, object]) -> None:
    assert of_machine(**other) == []


def test_hand_offs_and_roles() -> None:
    found = Standing(now=NOW, late=1, dead=2, uncertain=5, restored=3, reviews_due=4)
    said = [text("en", each.message, **each.values) for each in alerts(found)]
    assert [each.code for each in alerts(found)] == ["restored", "uncertain", "dead-letters", "late", "reviews-due"]
    assert [words for words in said if ": 3" in words] == said[:1]
    assert [words for words in said if ": 2" in words] == said[1:3], "those of the restore are told once"
    assert codes(Standing(now=NOW, uncertain=3, restored=3)) == [("restored", "warning")]


def test_the_gravest_comes_first_and_all_speak_both_languages() -> None:
    ill = replace(
        WELL, is_running=False, free_bytes=0, certificate_ends_at=NOW - 1, backup_at=None, verified_at=None, damaged=2
    )
    found = alerts(Standing(now=NOW, late=1, dead=1, uncertain=2, restored=1, reviews_due=1, machine=ill))
    order = list(Severity)
    ranks = [order.index(each.severity) for each in found]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(order)
    for each in found:
        words = {text(locale, part, **each.values) for locale in LOCALES for part in (each.message, each.remedy)}
        assert len(words) == 4, each.code
        assert not [said for said in words if "{" in said]
    assert {each.section for each in found} <= {section.name for section in SECTIONS}


@pytest.mark.parametrize(("locale", "said"), [("en", "1,234.5 of 2,000.0 GB"), ("nl", "1.234,5 van 2.000,0 GB")])
def test_numbers_are_written_as_the_language_does(locale: str, said: str) -> None:
    assert said in text(locale, N_("{used} of {room} GB"), used=Amount(1234.5, 1), room=Amount(2000, 1))
