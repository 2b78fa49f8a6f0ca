"""Carrying erasures out: everything after the commit that says `begun` (see `erasure`).

    shred secret ─▶ sessions gone ─▶ rows, slice by slice ─▶ body files ─▶ log cut ─▶ counted: nothing ─▶ receipt

Contract. `carry_out` is synchronous and may take long: run it beside the event loop. Killed anywhere, it is taken up
by `resume_all` at the next start; a backup under way, a reader that keeps the log or a full disk is Busy, and what
was begun stays so until the next try. It returns with the signed receipt kept, and never signs what it did not count.
"""

import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from sqlmodel import Session

from storage.database import Store
from storage.erasures import account_removal, erasure, live_places, partial_erasure, receipts
from storage.erasures.erasure import Erasure, Kind, State
from storage.erasures.partial_erasure import Field
from storage.erasures.receipts import Retention
from storage.errors import Busy, NotFound, StorageError
from storage.keys.master import ServerKeys

log = structlog.get_logger(__name__)

PATIENCE = 20.0
"""Seconds for sessions to end, body files to go and readers to let the log be cut."""
ROUNDS = 5
"""A command that was running when its session ended may still write a row; then it is taken out as well."""
_BREATH = 0.01
_LOG_BREATH = 0.25
"""Between two tries to cut the log: each holds the writer for up to `connections.TRUNCATE_PATIENCE_MS`."""
_WRAPS_AT_ONCE = 100


def carry_out(store: Store, erasure_id: int, now: int, retention: Retention | None = None) -> Erasure:
    """Finish what is begun; returns it with its receipt. NotFound if it is not; Busy: not now, it stays begun."""
    found = store.read_now(erasure.by_id, erasure_id)
    if found.state is State.DONE:
        return found
    if found.state is not State.BEGUN:
        raise NotFound("an erasure that is begun")
    for _ in range(ROUNDS):
        if found.kind is Kind.ACCOUNT:
            _remove_account(store, found)
        going = _remove_traces(store)
        left = places(store, found, going)
        if not any(left.values()):
            done = store.write_now(_finish, store.server_keys, found, left, now, retention or Retention())
            if done is not None:
                log.info("erasure.done", erasure=found.public_id, kind=found.kind)
                return done
    raise Busy("something is still written there")


def resume_all(store: Store, now: int, retention: Retention | None = None) -> int:
    """Finish all that is begun; how many are now done. For the start, before anybody is served, and housekeeping."""
    done = 0
    for erasure_id in store.read_now(erasure.begun):
        try:
            carry_out(store, erasure_id, now, retention)
        except StorageError as error:
            log.warning("erasure.waits", erasure=erasure_id, kind=type(error).__name__)
        else:
            done += 1
    return done


def carry_out_due(store: Store, now: int, retention: Retention | None = None) -> int:
    """Begin what has waited its time, unless it is held, and finish all that is begun. A chore of housekeeping.

    First what a request that was under way as its account went may have written into it is taken out again.
    """
    for account_id in store.read_now(live_places.regrown):
        log.warning("erasure.regrown", account_id=account_id)
        _take_out(store, account_id)
    for erasure_id in store.read_now(erasure.due, now):
        try:
            store.write_now(erasure.begin_due, erasure_id, now)
        except StorageError as error:  # whatever it is, the others go on
            log.info("erasure.waits", erasure=erasure_id, kind=type(error).__name__)
    return resume_all(store, now, retention)


def places(store: Store, found: Erasure, bodies: frozenset[str] | None = None) -> dict[str, int]:
    """What is left now of what is being erased, by live place (S55). `bodies`: the files in question; None: all that
    are on their way out, whosever they were.
    """
    left = store.read_now(_counted, found)
    if found.kind is Kind.ACCOUNT:
        left["keyring.shred_secret"] = int(_has_secret(store, found.account_public_id))
    if found.kind is not Kind.FIELD:
        going = store.bodies_going()
        left["bodies.file"] = len(going if bodies is None else going & bodies)
    return left


def _has_secret(store: Store, public_id: str) -> bool:
    try:
        store.shred.get(public_id)
    except NotFound:
        return False
    return True


def _counted(session: Session, found: Erasure) -> dict[str, int]:
    if found.kind is Kind.ACCOUNT:
        return live_places.of_account(session, found.account_id)
    assert found.target is not None
    if found.kind is Kind.FIELD:
        return partial_erasure.field_left(session, found.account_id, Field(found.target))
    return live_places.of_document(session, found.account_id, found.target)


def _remove_account(store: Store, found: Erasure) -> None:
    store.shred.delete(found.account_public_id)
    # What is signed in ends by itself within a second; its last command may still need the rows.
    with suppress(Busy):
        _until(lambda: found.account_public_id not in store.keyring)
    store.write_now(account_removal.anonymise, found.account_id)
    _take_out(store, found.account_id)
    loose = store.read_now(account_removal.loose, found.account_id)
    for start in range(0, len(loose), _WRAPS_AT_ONCE):
        store.write_now(account_removal.release, found.account_id, loose[start : start + _WRAPS_AT_ONCE])


def _take_out(store: Store, account_id: int) -> None:
    while store.write_now(account_removal.remove_some, account_id):
        pass
    store.write_now(account_removal.anonymise, account_id)


def _remove_traces(store: Store) -> frozenset[str]:
    """Files that no row names any more, and the log, in which the deleted rows still lie; returns those files."""
    going = store.bodies_going()
    _until(lambda: going.isdisjoint(store.bodies_going()))
    _until(store.truncate_log, _LOG_BREATH)
    return going


def _finish(
    session: Session, server_keys: ServerKeys, found: Erasure, left: dict[str, int], now: int, retention: Retention
) -> Erasure | None:
    """The receipt, if nothing came in between the count and now."""
    present = erasure.by_id(session, found.id)
    if present.state is State.DONE:
        return present
    if found.kind is Kind.ACCOUNT:
        left = left | live_places.of_account(session, found.account_id, quick=True)
        if any(left.values()):
            return None
    return erasure.finish(session, found, receipts.make(server_keys, _content(found, left, now, retention)), now)


def _content(found: Erasure, left: dict[str, int], now: int, retention: Retention) -> dict[str, object]:
    backups = {
        Kind.ACCOUNT: retention.of_account,
        Kind.DOCUMENT: retention.of_document,
        Kind.FIELD: retention.of_field,
    }[found.kind](now)
    kept = {
        Kind.ACCOUNT: live_places.KEPT,
        Kind.DOCUMENT: live_places.KEPT_OF_DOCUMENT,
        Kind.FIELD: {},
    }[found.kind]
    return {
        "version": 1,
        "erasure": found.public_id,
        "kind": found.kind,
        "account": found.account_public_id,
        "target": found.target,
        "requested_at": found.requested_at,
        "done_at": now,
        "places": [{"place": place, "left": count} for place, count in sorted(left.items())],
        "kept": [{"place": ".".join(place), "what": what} for place, what in sorted(kept.items())],
        "backups": backups,
    }


def _until(settled: Callable[[], bool], breath: float = _BREATH) -> None:
    """Busy if it is not within `PATIENCE` seconds."""
    until = time.monotonic() + PATIENCE
    while not settled():
        if time.monotonic() > until:
            raise Busy("not yet")
        time.sleep(breath)
