"""A post office with life in every list, the same at every run: what the pictures of the screens show.

Contract. `office` gives a copy of its own to each who asks: made once in a process, and copied from then on. Its
clock stands still; ids and names are the same each time, because what is random comes from a seed while it is made.
"""

import atexit
import os
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from unittest.mock import patch

from bridge import logs, tls
from storage.access import devices
from storage.deliveries import disclosures, jobs
from storage.deliveries.terms import Channel, JobState
from storage.keys.envelope import seal_document
from storage.keys.master import MasterKey
from storage.oversight.document_statistics import last_month
from storage.people import accounts, senders, tickets
from storage.records import AccountState, Device, DomainMode, Role, Scope
from tests import stores
from tests.control import FIRST, NOW, SECOND, Desk, Person
from tests.departures import job_of, leave
from tests.handing_in import send
from tests.restoring import with_kit
from tests.unit.bridge.api.house import House
from tests.unit.bridge.api.test_devices import come_in

FOLDER = "postex-scene-"
PAUSE = 120
"""Seconds between documents; all within the time that a session may be idle."""
DAY = 86_400
KINDS = ("invoice", "letter", "payslip", "reminder", "newsletter")
OTHERS = ("bram", "carla", "daan", "eva", "femke")
SENDERS = ("energie", "gemeente", "bank")
LINES = (
    ("info", "smtp.listening", {"port": 465}),
    ("info", "smtp.stored", {"document": "k2fq"}),
    ("info", "outbox.done", {"job": 4, "job_kind": "email", "attempts": 1}),
    ("warning", "outbox.dead", {"job": 5, "job_kind": "paper", "problem": "printer-aborted"}),
    ("info", "outbox.later", {"job": 6, "seconds": 300, "problem": "relay-busy"}),
    ("error", "outbox.uncertain", {"job": 7, "job_kind": "paper", "problem": "printer-knows-no-such-job"}),
    ("info", "smtp.stored", {"document": "m3xw"}),
)
"""What the bridge wrote to its log: level, event, the rest."""
DRAWN = (accounts.create, seal_document, MasterKey.generate.__func__)
"""What draws ids and keys of which something shows."""
AT_WORK = ("owner", "dora", "aldo", "erp", "anna", "hans")
"""Who signs in anew once all is there."""


@dataclass
class Scene:
    """Who is who in the office."""

    desk: Desk
    owner: Person
    dora: Person
    """Admin of the first domain."""
    aldo: Person
    """Auditor."""
    hans: Person
    """Support."""
    erp: Person
    """Sender."""
    anna: Person
    """Recipient with choices and documents."""
    on: list[Device] = field(default_factory=list)
    """Devices that are signed in."""

    def who(self, role: str) -> Person:
        found: Person = getattr(self, role)
        return found


@asynccontextmanager
async def office() -> AsyncIterator[Scene]:
    """A copy, in a folder whose name is as long each time: it stands on the screen of the settings."""
    made = await _made()
    with tempfile.TemporaryDirectory(prefix=FOLDER, dir="/tmp") as folder:
        data = Path(folder) / "data"
        shutil.copytree(made.desk.data, data)
        async with Desk.over(stores.opened(data), data, made.desk.domains) as desk:
            desk.clock.at = made.desk.clock.at
            for device in made.on:
                come_in(desk, device)
            with patch.object(logs, "recent", written()):
                yield replace(made, desk=desk)


def written() -> logs.Recent:
    """The service log, at times that stand still."""
    kept = logs.Recent(len(LINES))
    with patch.object(kept, "_last", NOW * 1000):
        for number, (level, event, more) in enumerate(LINES):
            at = datetime.fromtimestamp(NOW + 60 * number, UTC).isoformat()
            kept.keep({"timestamp": at, "level": level, "logger": "bridge", "event": event, **more})
    return kept


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """What is random comes from `seed`, as far as it shows; `os.urandom` is a default that was bound long before."""
    chance, real = random.Random(seed).randbytes, os.urandom
    with ExitStack() as all_of_it:
        for made in DRAWN:
            plain = tuple(chance if each is real else each for each in made.__defaults__ or ())
            named = {name: chance if each is real else each for name, each in (made.__kwdefaults__ or {}).items()}
            all_of_it.enter_context(patch.object(made, "__defaults__", plain))
            all_of_it.enter_context(patch.object(made, "__kwdefaults__", named))
        all_of_it.enter_context(patch.object(os, "urandom", chance))
        all_of_it.enter_context(patch.object(random, "_urandom", chance))
        yield


_once: list[Scene] = []


async def _made() -> Scene:
    """The office that copies are made of; its store is closed."""
    if not _once:
        folder = tempfile.mkdtemp(prefix=FOLDER, dir="/tmp")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        with seeded(5), patch.object(stores, "_made", cache(stores._made.__wrapped__)):  # with a key of its own
            scene = await _furnished(Path(folder))
        await scene.desk.__aexit__()
        _once.append(scene)
    return _once[0]


async def _furnished(folder: Path) -> Scene:
    house = House.found(folder / "data", DomainMode.MANAGED)
    desk = house.desk
    owner, dora = desk.person("olga", Role.OWNER), house.admin("dora")
    house.admin("dirk")
    aldo, hans = desk.person("aldo", Role.AUDITOR), desk.person("hans", Role.SUPPORT)
    desk.person("rosa", Role.RESELLER)
    desk.person("hugo", domain=SECOND)
    offices = [desk.person(name, role=Role.SENDER) for name in SENDERS]
    scene = Scene(desk, owner, dora, aldo, hans, offices[0], desk.person("anna"))
    for name, state in (
        ("fenna", AccountState.INVITED),
        ("gijs", AccountState.SUSPENDED),
        ("henk", AccountState.CLOSED),
    ):
        desk.person(name, state=state)
    tls.create_self_signed(desk.data / "tls/cert.pem", desk.data / "tls/key.pem", "post.example.test", NOW)
    _post(scene, offices, [desk.person(name) for name in OTHERS])
    for name in AT_WORK:
        setattr(scene, name, desk.signed_in_again(scene.who(name)))
    await _choices(scene)
    await _work(scene, folder)
    return scene


def _post(scene: Scene, offices: list[Person], others: list[Person]) -> None:
    """Documents of last month and of today, some on their way, one that cannot go on, a batch that waits."""
    desk, anna = scene.desk, scene.anna
    desk.store.write_now(senders.add_identity, scene.erp.account.id, f"facturen@{FIRST}", NOW)
    for number, kind in enumerate(KINDS):
        desk.clock.at = float(last_month(NOW)[0] + (3 + 5 * number) * DAY)
        send(desk, offices[number % 3], anna, *others, kind=kind, subject=f"last {number}")
    desk.clock.at = float(NOW)
    for number, kind in enumerate(KINDS):
        desk.clock.turn(PAUSE)
        send(desk, offices[number % 3], anna, *others[: number + 1], kind=kind, subject=f"scene {number}")
    send(desk, scene.erp, anna, *others, kind="invoice", subject="held", batch="2025-10")
    now = desk.control.now()
    for person, channel, state, problem in (
        (others[0], Channel.PAPER, JobState.DEAD, "printer-aborted"),
        (others[1], Channel.PAPER, JobState.UNCERTAIN, "printer-knows-no-such-job"),
    ):
        job = job_of(desk.store, leave(desk.store, person.account, now, channel))
        desk.store.write_now(jobs.park, job, state, problem, now + 5)
    leave(desk.store, others[2].account, now, Channel.EMAIL)
    given = {"basis": "preference", "road": "email", "told": "relay.example.net"}
    desk.store.write_now(disclosures.note, [anna.account.id], "document", now, **given)


async def _choices(scene: Scene) -> None:
    """What people chose, and their devices."""
    desk, anna = scene.desk, scene.anna
    facturen, gemeente = f"facturen@{FIRST}", f"gemeente@{FIRST}"
    for choice in (
        {"notify": "daily", "retention_days": 365},
        {"sender": facturen, "type": "invoice", "retention_days": 30},
        {"sender": gemeente, "receipts": True, "quiet": "22:00-07:00"},
    ):
        await _done(scene, anna, "PATCH", f"{anna.path}/preferences", choice)
    await _done(scene, anna, "PATCH", "/v1/me", {"name": "Anna de Vries"})
    for who, label, scopes in ((anna, "Phone", {Scope.IMAP}), (scene.erp, "ERP", {Scope.SMTP_SEND})):
        lock = (desk.store.server_keys, desk.store.shred, who.account, who.keys)
        made = desk.store.write_now(devices.add, *lock, label, frozenset(scopes), desk.control.now())
        scene.on.append(made.device)


async def _work(scene: Scene, folder: Path) -> None:
    """What admins did, and what waits for them."""
    desk, anna, dora, owner = scene.desk, scene.anna, scene.dora, scene.owner
    domain, soon = desk.domains[FIRST].id, NOW + 90 * DAY
    for number, writer in (("2025-AAAA2222", anna.account.id), ("2025-BBBB3333", None)):
        desk.store.write_now(tickets.open_one, number, writer, domain, "support", desk.control.now())
    for who, method, path, body in (
        (dora, "PATCH", f"/v1/domains/{FIRST}/preferences", {"type": "reminder", "ladder": "3:remind"}),
        (dora, "POST", f"{anna.path}/holds", {"basis": "claim", "reason": "Claim 7", "ends_at": soon}),
        (dora, "GET", f"{anna.path}/devices", None),
        (dora, "POST", "/v1/break-glass", {"account": f"bram@{FIRST}", "reason": "court order 12/34", "hours": 4}),
        (dora, "POST", "/v1/purges", {"domain": FIRST, "reason": "moved away", "accounts": [f"henk@{FIRST}"]}),
        (dora, "POST", f"/v1/accounts/gijs@{FIRST}/erasure", {}),
        (
            owner,
            "PUT",
            "/v1/processors/print-house",
            {"kind": "printer", "country": "NL", "fields": ["postal-address", "name"]},
        ),
    ):
        await _done(scene, who, method, path, body)
    kit = with_kit(desk).text
    kept = {"destination": str(folder / "b"), "keyring_destination": str(folder / "k")}
    made = await _done(scene, owner, "POST", "/v1/backups", kept)
    await _done(scene, owner, "POST", "/v1/backups/drill", {"backup": made["id"], "kit": kit})


async def _done(scene: Scene, who: Person, method: str, path: str, body: dict[str, object] | None) -> dict[str, str]:
    answer = await scene.desk.ask(method, path, who, body)
    assert answer.is_success, f"{method} {path}: {answer.text}"
    given: dict[str, str] = answer.json()
    return given
