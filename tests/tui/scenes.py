"""A small office with something in every list, the same at every run: what the pictures of the screens show.

Contract. `office` gives a desk whose clock stands still; ids and names are the same each time, because what is random
comes from a seed while it is made.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from storage.people import senders
from storage.records import Role
from tests.control import FIRST, NOW, Desk, Person
from tests.handing_in import send

PAUSE = 120
"""Between documents; all within the time that a session may be idle."""


@dataclass
class Scene:
    """Who is who in the office."""

    desk: Desk
    owner: Person
    dora: Person
    """Admin of the first domain."""
    aldo: Person
    """Auditor."""
    erp: Person
    """Sender."""
    anna: Person
    """Recipient with choices and documents."""

    def who(self, role: str) -> Person:
        found: Person = getattr(self, role)
        return found


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """What is random comes from `seed`."""
    chance = random.Random(seed)
    with patch.object(os, "urandom", chance.randbytes), patch.object(random, "_urandom", chance.randbytes):
        yield


async def office(folder: Path) -> Scene:
    with seeded(5):
        desk = Desk.open(folder)
        owner, dora = desk.person("olga", Role.OWNER), desk.person("dora", Role.DOMAIN_ADMIN)
        aldo, erp = desk.person("aldo", Role.AUDITOR), desk.person("energie", role=Role.SENDER)
        scene = Scene(desk, owner, dora, aldo, erp, desk.person("anna"))
        await _fill(scene)
    return scene


async def _fill(scene: Scene) -> None:
    desk, anna, erp = scene.desk, scene.anna, scene.erp
    desk.store.write_now(senders.add_identity, erp.account.id, f"facturen@{FIRST}", NOW)
    others = [desk.person(name) for name in ("bram", "carla", "daan", "eva")]
    for number, kind in enumerate(("invoice", "letter", "payslip", "reminder", "newsletter")):
        desk.clock.turn(PAUSE)
        send(desk, erp, anna, *others[: number + 1], kind=kind, subject=f"scene {number}")
    await _choose(scene)


async def _choose(scene: Scene) -> None:
    """What people chose, and what admins did."""
    for name in ("owner", "dora", "aldo", "erp", "anna"):
        who = scene.who(name)  # signed in just now: some of it needs a step-up
        setattr(scene, name, replace(who, token=scene.desk.token(who.account, who.keys)))
    anna, dora, domain = scene.anna, scene.dora, f"/v1/domains/{FIRST}"
    for who, method, path, body in (
        (anna, "PATCH", f"{anna.path}/preferences", {"notify": "daily", "retention_days": 365}),
        (
            anna,
            "PATCH",
            f"{anna.path}/preferences",
            {"sender": f"facturen@{FIRST}", "type": "invoice", "retention_days": 30},
        ),
        (anna, "POST", f"{anna.path}/devices", {"label": "Phone", "scopes": ["imap"]}),
        (dora, "PATCH", f"{domain}/preferences", {"type": "reminder", "ladder": "3:remind"}),
        (dora, "POST", f"{anna.path}/holds", {"basis": "claim", "reason": "Claim 7", "ends_at": NOW + 90 * 86_400}),
    ):
        answer = await scene.desk.ask(method, path, who, body)
        assert answer.is_success, f"{path}: {answer.text}"
