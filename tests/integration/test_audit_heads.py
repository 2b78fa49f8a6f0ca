"""The heads that a bridge writes to its log check the audit log afterwards, with nothing but that line."""

import json
from pathlib import Path

from tests import warm
from tests.running import COMMAND, PostOffice, postex


def heads(log: Path) -> list[dict[str, object]]:
    return [line for line in map(json.loads, log.read_text().splitlines()) if line["event"] == "audit.head"]


def test_the_log_has_a_head_of_the_start_and_of_the_end_that_the_audit_log_answers_to(tmp_path: Path) -> None:
    office = PostOffice.create(tmp_path / "data", recipients=("anna",))
    with office.start() as bridge:
        assert bridge.stop() == 0
    first, last = heads(bridge.log)
    office.add_recipient("bram")
    kept = tmp_path / "head.json"
    for head in (first, last):
        kept.write_text(json.dumps(head))
        found = postex("audit", "verify", "--head", str(kept), data=office.data)
        assert (found["holds"], found["head"]["standing"]) == (True, "holds")
    kept.write_text(json.dumps({**last, "position": 1}))
    command = [*COMMAND, "audit", "verify", "--head", str(kept), "--data", str(office.data), "--json"]
    done = warm.run(command)
    assert (done.returncode, json.loads(done.stdout)["head"]["standing"]) == (1, "foreign")
