"""What storage takes no value for, said to the person who typed it: what to type instead.

Contract. `said` finds the words by the beginning of storage's rule; the numbers and the last word of the rule are
their {least}, {most} and {last}. A rule that no form can break has no words here, and is told as it is.
"""

import re

from bridge.i18n import N_

IN_TIME = N_("The end must lie in the future.")
WORDS = {
    "address: local@domain": N_("Type a whole address, such as anna@example.org."),
    "address: in the domain": N_("Type an address that ends in @{last}."),
    "address: no +": N_("Type the address without the + and what follows it: that is its owner's to add."),
    "address: not ": N_("This address is the post office's own, for choosing by mail. Type another."),
    "address: letters": N_("Before the @ only letters, digits and signs such as . - _ can stand."),
    "name: 1": N_("Type a name of 1 to {most} characters, on one line."),
    "label: 1": N_("Give it a name of 1 to {most} characters, on one line."),
    "phone:": N_("A telephone number has only digits, blanks and the signs + - ( ) and full stop."),
    "networks: in": N_("Type a network such as 192.168.1.0/24, with zeros where the part of the machine stands."),
    "networks:": N_("Type {most} networks at most."),
    "expires_at:": IN_TIME,
    "end: in the future": IN_TIME,
    "end: within": N_("This role is for {most} days at most. Give an earlier end."),
    "ends_at:": N_("The end must lie in the future, ten years away at most."),
    "ticket: 1": N_("A ticket has 1 to {most} characters, on one line."),
    "ticket: needed": N_("This role is for a ticket: type its number."),
    "reason:": N_("Give a reason of 1 to {most} characters, on one line."),
    "basis:": N_("Name the law or the contract in 1 to {most} characters, on one line."),
    "hours:": N_("Choose 1 to {most} hours."),
    "bar:": N_("The recipient has to be told within a year: give an earlier end."),
    "country:": N_("Type the country as two letters, such as NL."),
    "postal address: lines of": N_("A line of the address has 1 to {most} characters."),
    "postal address: one": N_("Type each line of the address on a line of its own."),
    "postal address:": N_("Type {least} to {most} lines, without the name and the country."),
    "quota:": N_("Type the room as a number of bytes, 0 or more."),
    "code:": N_("The code has {most} digits."),
    "domain name:": N_("Type a domain such as example.org: letters, digits and hyphens, with a dot."),
    "batch:": N_("The name of a batch has 1 to {most} letters, digits and signs of ASCII."),
    "account: not one's own": N_("This is your own account. Choose another."),
}
EMPTY = N_("A name and an address cannot be left empty.")
OTHERWISE = N_("A value is not taken. {what}.")


def said(rule: str) -> tuple[str, dict[str, object]]:
    """A message marked with N_, and the values of its placeholders."""
    if rule.endswith(": cannot be empty"):
        return EMPTY, {}
    found = next((words for start, words in WORDS.items() if rule.startswith(start)), None)
    if found is None:
        return OTHERWISE, {"what": rule}
    numbers = re.findall(r"\d+", rule) or [""]
    return found, {"least": numbers[0], "most": numbers[-1], "last": rule.split()[-1]}
