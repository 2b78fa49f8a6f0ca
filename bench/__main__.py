"""`python -m bench`: measure Postex beside its peers and print the table. See the package's docstring."""

import argparse
import os
import signal
import sys
from pathlib import Path

from bench import report
from bench.clients.conversations import Refused
from bench.fleet import opened
from bench.rows import arrival, outbox, reading, sessions, storage, terminal
from bench.rows.row import FULL, OURS, QUICK, Measurement, Scale, median
from bench.servers.base import Unavailable

MEASUREMENTS = (
    *arrival.MEASUREMENTS,
    *sessions.MEASUREMENTS,
    *reading.MEASUREMENTS,
    *storage.MEASUREMENTS,
    *outbox.MEASUREMENTS,
    *terminal.MEASUREMENTS,
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=sys.modules["bench"].__doc__)
    parser.add_argument("--quick", action="store_true", help="small runs: shows that every row works")
    parser.add_argument(
        "--only", action="append", metavar="ROW", default=[], help="rows whose key starts so; may repeat"
    )
    parser.add_argument(
        "--server", action="append", metavar="NAME", default=[], help="these servers alone; may repeat"
    )
    parser.add_argument("--without-peers", action="store_true", help="measure Postex alone")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the Markdown table to FILE as well")
    return parser.parse_args()


def chosen(only: list[str]) -> list[Measurement]:
    """Measurements that fill a wanted row; all when none is named."""
    wanted = tuple(only) or ("",)
    return [each for each in MEASUREMENTS if any(row.key.startswith(wanted) for row in each.rows)]


def run(each: Measurement, server: str, scale: Scale, results: report.Results, reasons: report.Reasons) -> None:
    """Measure one server; what cannot be measured is kept with its reason."""
    try:
        with opened(server, each.recipients(scale)) as running:
            for key, samples in each.measure(running, scale):
                results.setdefault(key, {})[server] = median(samples)
                shown = report.figure(median(samples))
                print(f"{server:20} {key:20} {shown} ({len(samples)} samples{_busy()})", file=sys.stderr, flush=True)
    except (Unavailable, Refused, OSError) as error:
        for row in each.rows:
            if server not in results.get(row.key, {}):
                reasons[row.key, server] = f"{type(error).__name__}: {error}"
        print(f"{server:20} {each.rows[0].key:20} not measured: {error}", file=sys.stderr, flush=True)


def _busy() -> str:
    """A warning when others want the processors too: figures of one server are then not those of the next."""
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    return f", load {load:.1f}: busy" if load > 1.5 * processors else ""


def main() -> None:
    """SIGTERM ends like Ctrl-C: servers are stopped and their folders removed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = arguments()
    scale = QUICK if options.quick else FULL
    results: report.Results = {}
    reasons: report.Reasons = {}
    measurements = chosen(options.only)
    for each in measurements:
        for server in each.servers:
            if (server == OURS or not options.without_peers) and server in (options.server or each.servers):
                run(each, server, scale, results, reasons)
    rows = [row for each in measurements for row in each.rows if row.key in results]
    if options.quick:
        print("A quick run: fewer documents and sessions than the titles of the rows say.", file=sys.stderr)
    print(report.as_json(rows, results, reasons) if options.json else report.as_text(rows, results))
    if options.markdown:
        options.markdown.write_text(report.as_markdown(rows, results))


if __name__ == "__main__":
    main()
