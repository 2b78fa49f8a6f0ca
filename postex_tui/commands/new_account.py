"""What is said of an account that was just made: its codes and passwords are shown this once."""

from collections.abc import Mapping
from typing import Any


def content(made: Mapping[str, Any]) -> dict[str, Any]:
    """For --json, from the API's answer; without a device there is no key `device`, without --from no `from`."""
    found = {
        "account": made["account"]["id"],
        "email": made["account"]["email"],
        "role": made["account"]["role"],
        "enrolment_code": made["enrolment_code"],
        "enrolment_expires_at": made["enrolment_expires_at"],
    }
    if made["identities"]:
        found["from"] = made["identities"]
    if made["device"]:
        found["device"] = made["device"]
    return found


def words(made: Mapping[str, Any]) -> str:
    """For people."""
    account, device = made["account"], made["device"]
    lines = [f"Added {account['role']} {account['email']}."]
    if made["identities"]:
        lines.append(f"It may also write as {', '.join(made['identities'])}.")
    lines.append(f"Enrolment code (72 hours, once): {made['enrolment_code']}")
    if account["contact_email"]:
        lines.append(
            f"Nothing goes to {account['contact_email']} before its owner confirms it: postex me contact verify"
        )
    if device:
        lines.append(_device(device["label"], device["scopes"], device["username"], device["password"]))
        lines.append("The device works at once; everything else waits until the code was used.")
    lines.append(f"With the code: postex enrol {account['email']}, or F6 at the sign-in of postex tui")
    return "\n".join(lines)


def _device(label: str, scopes: list[str], username: str, password: str) -> str:
    return f"Device {label} ({', '.join(scopes)}), shown this once:\n  user      {username}\n  password  {password}"
