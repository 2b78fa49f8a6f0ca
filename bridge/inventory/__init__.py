"""The data inventory: what is kept of a person, and what for (S2, S8, S40, S41).

Contract. `ITEMS` is the one source of what people are told about their data: each item names the columns it stands
for, so that a column about a person without an entry fails a test (tests/architecture). `TECHNICAL` are columns that
say nothing of a person: numbers, keys, seals. Whether an item can be changed is one of three:

    EDIT     by its owner, in the section `place` of the app
    VIEW     seen; it changes by what one does, or goes with something else
    LOCKED   nobody changes it, for the reason given
"""

from bridge.inventory.item import Change as Change
from bridge.inventory.item import Item as Item
from bridge.inventory.item import Tag as Tag
from bridge.inventory.noted import NOTED
from bridge.inventory.provided import PROVIDED
from bridge.inventory.technical import LINKS as LINKS
from bridge.inventory.technical import TECHNICAL as TECHNICAL

ITEMS: tuple[Item, ...] = (*PROVIDED, *NOTED)
