"""Somebody who has enrolled: password, second factor and recovery codes, for the tests of every way in."""

from dataclasses import dataclass, field
from functools import cache

from storage.access import enrolment, passwords, second_factor
from storage.access.passwords import Stretched
from storage.records import DomainMode

from .conftest import NOW, Office, Person

PASSWORD = "een lamp bij het raam"
CHEAP = "argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw=="
"""Costs that tests can afford; what they do is the same."""


@cache
def stretched(password: str = PASSWORD, parameters: str = CHEAP) -> Stretched:
    return passwords.stretch(password, parameters)


@dataclass
class Enrolled:
    person: Person
    seed: bytes = field(repr=False)
    recovery_codes: tuple[str, ...] = field(repr=False)

    def code(self, at: int = NOW) -> str:
        return second_factor.code_at(self.seed, at)


def code_for(office: Office, person: Person, now: int = NOW) -> str:
    store = office.store
    lock = (store.server_keys, store.shred, person.account, person.keys)
    return store.write_now(enrolment.add_enrolment, *lock, now).code


def enrol(office: Office, person: Person, now: int = NOW, password: str = PASSWORD) -> Enrolled:
    """All of it; the first code of the second factor is that of the step before `now`."""
    store, code = office.store, code_for(office, person, now)
    seed = store.write_now(second_factor.begin, person.account.id, now)
    first, mode = second_factor.code_at(seed, now - second_factor.STEP), DomainMode.MANAGED
    opener = (store.server_keys, store.shred, person.account.email, code)
    done = store.write_now(enrolment.finish, *opener, stretched(password), first, mode, now)
    person.account = done.account
    return Enrolled(person, seed, done.recovery_codes)
