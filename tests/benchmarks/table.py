"""The rows as a table for people, as JSON, and as README's section. Pure but for the one file that is rewritten."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tests.benchmarks import bounds
from tests.benchmarks.measuring import Row
from tests.benchmarks.targets import verdicts

UNITS = {"wall": "s", "cpu": "s", "bound": "s", "peak": "MB"}
WHOLE = ("calls", "scarce", "throttled", "peak")
METHOD = (
    f"bound of a plan: {bounds.READING}",
    f"bound of a cold apply: {bounds.CREATING}",
    f"bound of an apply of changes: {bounds.CHANGING}",
    "cpu: seconds of the processor of all processes of a command; peak: its largest process; throttled: calls refused with 429",
)
BEGIN, END = "<!-- measured: python -m tests.benchmarks --write README.md -->", "<!-- /measured -->"
SHOWN = (  # of README: case and size, and Terraform's name for the same
    ("no-op plan", 100, "terraform, no-op plan"),
    ("no-op plan", 1000, ""),
    ("no-op plan, four regions", 250, ""),
    ("apply of one change", 100, ""),
    ("cold apply", 100, "terraform, cold apply"),
)


def shown(name: str, value: float) -> str:
    number = f"{value:,.0f}" if name in WHOLE else f"{value:,.2f}"
    return f"{name} {number}{' ' + UNITS[name] if name in UNITS else ''}"


def row_text(row: Row) -> str:
    figures = (shown(name, value) for name, value in row.figures.items() if not math.isnan(value))
    return f"{row.case:<44} N = {row.size:>5,}  " + ", ".join(figures)


def text(rows: Sequence[Row]) -> str:
    """How the figures are meant, and which targets hold."""
    lines = [*METHOD, "", f"{'target':<70} {'limit':>8}  {'figure':>8}"]
    for target, told, verdict in verdicts(rows):
        lines.append(f"{target.text:<70} {target.bound:>8}  {'—' if math.isnan(told) else f'{told:.2f}':>8}  {verdict}")
    return "\n".join(lines) + "\n"


def document(rows: Sequence[Row], day: date) -> dict[str, Any]:
    return {
        "date": day.isoformat(),
        "machine": machine(),
        "method": METHOD,
        "rows": [{"case": row.case, "size": row.size, "figures": finite(row)} for row in rows],
        "targets": [
            {
                "target": target.text,
                "limit": target.bound,
                "figure": None if math.isnan(told) else told,
                "verdict": verdict,
            }
            for target, told, verdict in verdicts(rows)
        ],
    }


def finite(row: Row) -> dict[str, float]:
    return {name: round(value, 4) for name, value in row.figures.items() if math.isfinite(value)}


def machine() -> str:
    load, priority = os.getloadavg()[2], " and priority over them" if os.nice(0) < 0 else ""
    return f"{os.cpu_count()} cores with {load:.1f} processes at work{priority}, Python {platform.python_version()}, {platform.system()}"


# --- README --------------------------------------------------------------------------------------------------------


def section(rows: Sequence[Row], day: date) -> str:
    """README's section, with its markers."""
    introduction = (
        f"{day.isoformat()}, {machine()}: a canned AWS with Lambda's quotas (100 GetFunction, 15 other calls a second) and 50 ms latency; every function has a "
        "version, an alias and a mapping. The bound is the fewest calls at the quota. [How, and all cases](tests/benchmarks/README.md)"
    )
    head = ["| functions | calls | seconds : bound | processor | memory | Terraform |", "|---|---|---|---|---|---|"]
    by_name = {(row.case, row.size): row for row in rows}
    told = [
        readme_row(by_name[case, size], by_name.get((theirs, size)))
        for case, size, theirs in SHOWN
        if (case, size) in by_name
    ]
    return "\n".join([BEGIN, introduction, "", *head, *told, END])


def readme_row(row: Row, other: Row | None) -> str:
    figures = row.figures
    theirs = "{calls:,.0f} calls, {wall:.0f} s, processor {cpu:.1f} s".format_map(other.figures) if other else ""
    return (
        f"| {row.case}, {row.size:,} | {figures['calls']:,.0f} | {figures['wall']:.1f} : {figures['bound']:.1f} "
        f"| {figures['cpu']:.1f} s | {figures['peak']:.0f} MB | {theirs} |"
    )


def write(readme: Path, rows: Sequence[Row], day: date) -> None:
    """What stands between the markers, anew."""
    before, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{readme} has no section between {BEGIN} and {END}")
    readme.write_text(f"{before}{section(rows, day)}{after}", encoding="utf-8")


def printed(rows: Iterable[Row]) -> str:
    return "".join(f"{row_text(row)}\n" for row in rows)
