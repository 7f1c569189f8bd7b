"""`python -m tests.benchmarks`: measures, prints a table, and says which targets hold.

Without flags it takes some minutes; `--whole` adds the large fleets. Figures are of this machine and moment: ratios are what counts.
"""

from __future__ import annotations

import argparse
import compileall
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tests.benchmarks import fleets, machine, table, terraform
from tests.benchmarks.aws import Running, running
from tests.benchmarks.aws.canned import Settings
from tests.benchmarks.measuring import HOUSE, Failed, Row

Case = Callable[[Running, Path, argparse.Namespace], Sequence[Row]]
SIZES, COLD, REGIONAL, ONE_CHANGE = (10, 100, 1000), (10, 100), 250, (10, 100)
WHOLE, GROWING, GROWING_WHOLE = (10, 100, 1000, 5000), (250, 500, 1000), (1000, 2000, 4000)
TERRAFORMED = 100


def each(measure: fleets.Measure, sizes: Sequence[int], aws: Running, folder: Path) -> list[Row]:
    return [measure(aws, folder / f"{size}", size) for size in sizes]


def plans(aws: Running, folder: Path, options: argparse.Namespace) -> Sequence[Row]:
    return each(fleets.no_op_plan, options.sizes or (WHOLE if options.whole else SIZES), aws, folder)


def colds(aws: Running, folder: Path, options: argparse.Namespace) -> Sequence[Row]:
    return each(fleets.cold_apply, options.sizes or (WHOLE if options.whole else COLD), aws, folder)


def changes(aws: Running, folder: Path, options: argparse.Namespace) -> Sequence[Row]:
    return each(fleets.one_change_apply, options.sizes or (WHOLE if options.whole else ONE_CHANGE), aws, folder)


def regions(aws: Running, folder: Path, options: argparse.Namespace) -> Sequence[Row]:
    own = each(fleets.no_op_plan, (REGIONAL,), aws, folder / "one")
    return [*own, *each(fleets.four_regions, (REGIONAL,), aws, folder / "four")]


def bares(aws: Running, folder: Path, options: argparse.Namespace) -> Sequence[Row]:
    return [fleets.bare(aws, folder, size) for size in options.sizes or SIZES]


def growths(aws: Running, folder: Path, options: argparse.Namespace) -> Sequence[Row]:
    return machine.growth(aws, folder, GROWING_WHOLE if options.whole else GROWING)


def side_by_side(aws: Running, folder: Path, options: argparse.Namespace) -> Sequence[Row]:
    if not terraform.is_there():
        sys.stderr.write("terraform is not on PATH, or its AWS provider is in no folder: left out\n")
        return []
    return terraform.side_by_side(aws, folder, TERRAFORMED)


CASES: dict[str, Case] = {
    "startup": lambda aws, folder, options: machine.startup(folder),
    "loading": lambda aws, folder, options: machine.loading(folder),
    "memory": lambda aws, folder, options: [machine.memory_of_a_plan(aws, folder, 5000)],
    "folder": lambda aws, folder, options: machine.one_folder(aws, folder),
    "growth": growths,
    "base": lambda aws, folder, options: [machine.large_branch(aws, folder, 4000)],
    "changed": lambda aws, folder, options: each(fleets.changed_since, (fleets.CHANGED_OF,), aws, folder),
    "bare": bares,
    "plan": plans,
    "regions": regions,
    "cold": colds,
    "settle": lambda aws, folder, options: each(fleets.slow_cold_apply, (100,), aws, folder),
    "change": changes,
    "terraform": side_by_side,
}


def measured(options: argparse.Namespace) -> Iterator[Row]:
    """Each row as soon as it is there; a case that fails is told, and leaves the others."""
    with running(Settings()) as aws, tempfile.TemporaryDirectory(prefix="reconcile-bench-") as name:
        for case in options.only or CASES:
            try:
                yield from CASES[case](aws, Path(name) / case, options)
            except Failed as failure:
                sys.stderr.write(f"{case}: {failure}\n")


def main() -> None:
    options = parsed()
    compileall.compile_dir(HOUSE / "reconciler", quiet=1)  # as it is where it is installed
    rows = []
    for row in measured(options):
        rows.append(row)
        sys.stdout.write(table.printed([row]))
        sys.stdout.flush()
    today = datetime.now(UTC).date()
    sys.stdout.write("\n" + table.text(rows))
    if options.json:
        options.json.write_text(json.dumps(table.document(rows, today), indent=1) + "\n")
    if options.write:
        table.write(options.write, rows, today)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", type=partial(str.split, sep=","), help=f"of {','.join(CASES)}")
    parser.add_argument(
        "--sizes", type=lambda text: [int(size) for size in text.split(",")], help="of fleets, by commas"
    )
    parser.add_argument("--whole", action="store_true", help="5,000 functions as well: an hour and more")
    parser.add_argument("--json", type=Path, help="the figures as JSON")
    parser.add_argument("--write", type=Path, help="the file whose Measured section is written: README.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
