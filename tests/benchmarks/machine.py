"""What costs the processor and memory alone, without an AWS: growth with the size of the fleet, start-up, packing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks import fleet
from tests.benchmarks.aws import Running
from tests.benchmarks.aws.canned import Settings
from tests.benchmarks.measuring import Ran, Row, commit_first, exponent, git, reconcile, run

ROUNDS, GROWTH_ROUNDS = 5, 3
SMALL = 10  # what a command costs before the fleet does
TASKS_A_REPORT = 10
FOLDER_MB, SHARING = 40, 8
BASE = "plan --snapshot --base"
PLANNED = (0, 10, 21)  # a plan with whatever in it


def startup(folder: Path) -> list[Row]:
    """The best of some rounds, as a multiple of a Python that does nothing."""
    fleet.write_specs(folder, 1)
    commands: Mapping[str, Callable[[], Ran]] = {
        "--version": lambda: reconcile("--version", folder=folder),
        "--help": lambda: reconcile("--help", folder=folder),
        "validate of one": lambda: reconcile("validate", ".", folder=folder),
    }
    nothing = best(lambda: run((sys.executable, "-c", "pass"), folder))
    return [
        Row(f"reconcile {name}", 1, {"cpu": (took := best(command)), "ratio to python -c pass": took / nothing})
        for name, command in commands.items()
    ]


def best(command: Callable[[], Ran]) -> float:
    return least(command, ROUNDS).cpu_seconds


def least(command: Callable[[], Ran], rounds: int) -> Ran:
    """The run that others on the machine disturbed the least."""
    return min((command() for _ in range(rounds)), key=lambda ran: ran.cpu_seconds)


def loading(folder: Path) -> list[Row]:
    """A thousand specs."""
    figures = json.loads(run((sys.executable, "-m", "tests.benchmarks.loading"), folder).output)
    ratio = figures["validating"] / figures["parsing"]
    return [
        Row("validating : parsing with the C loader", 1000, {"cpu": figures["validating"], "ratio": ratio}),
        Row("by defaults : said whole", 1000, {"ratio": figures["by defaults"] / figures["said whole"]}),
    ]


# --- growth --------------------------------------------------------------------------------------------------------


def growth(aws: Running, folder: Path, sizes: Sequence[int]) -> list[Row]:
    """Seconds of the processor at each size, and how they grow once what a small fleet costs is taken off."""
    template = snapshot_of_one(aws, folder / "template")
    taken: dict[str, dict[int, Ran]] = {}
    for size in (SMALL, *sizes):
        for name, ran in phases(folder / str(size), size, template):
            taken.setdefault(name, {})[size] = ran
    for size, ran in tasks(aws, folder / "tasks", (SMALL, *sizes)):
        taken.setdefault("tasks --newest 1, reports", {})[size] = ran
    rows = []
    for name, rans in taken.items():
        net = {size: rans[size].cpu_seconds - rans[SMALL].cpu_seconds for size in sizes}
        slope = exponent(net) if max(net.values()) > 0.02 else 0.0  # what is lost in the noise does not grow
        rows += [Row(name, size, {"cpu": rans[size].cpu_seconds, "peak": rans[size].peak_mb}) for size in sizes]
        rows.append(Row(f"growth of {name}", sizes[-1], {"exponent": slope}))
    return rows


def phases(folder: Path, size: int, template: Mapping[str, Any]) -> Iterator[tuple[str, Ran]]:
    specs = fleet.write_specs(folder / "specs", size)
    same, nothing = folder / "same.json", folder / "nothing.json"
    write_snapshot(same, template, size)
    write_snapshot(nothing, template, size, is_empty=True)
    loads = "import sys; from pathlib import Path; from reconciler.spec.config import load_config; from reconciler.spec.load import load"
    script = f"{loads}; load([Path('.')], load_config(Path('reconcile.yaml')))"
    yield "load", least(lambda: run((sys.executable, "-c", script), specs), GROWTH_ROUNDS)
    yield "validate", least(lambda: reconcile("validate", ".", folder=specs), GROWTH_ROUNDS)
    yield "plan --snapshot", planned(specs, same)
    yield "plan of creations", planned(specs, nothing)
    yield BASE, of_a_branch(specs, same, size)
    fleet.change(specs, range(size))
    yield "diff: plan where all differ", planned(specs, same)
    yield "render: the same as markdown", planned(specs, same, "--format", "markdown")


def of_a_branch(specs: Path, snapshot: Path, size: int) -> Ran:
    """The plan of a pull request that changes one function of a hundred."""
    commit_first(specs)
    fleet.change(specs, range(0, size, 100))
    git(specs, "commit", "-qam", "one of a hundred")
    return planned(specs, snapshot, "--base", "HEAD~1")


def large_branch(aws: Running, folder: Path, size: int) -> Row:
    template, snapshot = snapshot_of_one(aws, folder / "template"), folder / "snapshot.json"
    specs = fleet.write_specs(folder / "specs", size)
    write_snapshot(snapshot, template, size)
    ran = of_a_branch(specs, snapshot, size)
    return Row(BASE, size, ran.figures)


def planned(specs: Path, snapshot: Path, *words: str) -> Ran:
    command = ("plan", ".", "--snapshot", str(snapshot), *words)
    return least(lambda: reconcile(*command, folder=specs, expected=PLANNED), GROWTH_ROUNDS)


def snapshot_of_one(aws: Running, folder: Path) -> dict[str, Any]:
    aws.begin(Settings(functions=1, has_quotas=False, latency_seconds=0.0))
    fleet.write_specs(folder, 1)
    file = folder / "snapshot.json"
    reconcile("snapshot", ".", "-o", str(file), folder=folder, environment=aws.environment())
    return dict(json.loads(file.read_text()))


def write_snapshot(file: Path, template: Mapping[str, Any], size: int, *, is_empty: bool = False) -> None:
    """A snapshot of so many functions, each as the one of the template; empty: where none of them lives. Written piece by piece,
    since a process that is started counts the memory of whoever started it as its own."""
    mapping = next(item["name"] for item in template["resources"] if item["kind"] == "event_source_mapping")
    names = [fleet.named(number) for number in range(size)]
    place = template["functions"][0]["place"]
    head = {key: value for key, value in template.items() if not isinstance(value, list)}
    with file.open("w") as out:
        out.write(json.dumps(head)[:-1])
        out.write(', "functions": ' + json.dumps([{"place": place, "names": [] if is_empty else names}]))
        for section in ("resources", "scope", "artifacts"):
            is_left_out = is_empty and section == "resources"
            items = [] if is_left_out else template[section]
            text = ", ".join(json.dumps(item) for item in items)
            out.write(f', "{section}": [')
            for number, name in enumerate(names if text else ()):
                own = text.replace(fleet.named(0), name).replace(mapping, f"{number:08x}{mapping[8:]}")
                out.write((", " if number else "") + own)
            out.write("]")
        out.write("}")


def tasks(aws: Running, folder: Path, sizes: Sequence[int]) -> Iterator[tuple[int, Ran]]:
    """Showing the newest task of so many reports, which are copies of a real one."""
    aws.begin(Settings(has_quotas=False, latency_seconds=0.0, settle_seconds=0.0))
    specs = fleet.write_specs(folder / "specs", TASKS_A_REPORT)
    reports = folder / "reports"
    reconcile("apply", ".", "--yes", "--report-dir", str(reports), folder=specs, environment=aws.environment())
    first = next(reports.glob("*.json"))
    text, run_id = first.read_text(), json.loads(first.read_text())["run"]["id"]
    ids = [task["id"] for task in json.loads(text)["tasks"]]
    for size in sizes:
        many = folder / str(size)
        many.mkdir()
        for number in range(size):
            copy = text.replace(run_id, f"{number:012x}")
            for task_id in ids:
                copy = copy.replace(task_id, f"{number:08x}{task_id[8:]}")
            stamp = f"20260101T{number // 3600 % 24:02}{number // 60 % 60:02}{number % 60:02}000000Z"
            (many / f"{stamp}-{number:012x}.json").write_text(copy)
        command = partial(reconcile, "tasks", "--newest", "1", "--report-dir", str(many), folder=specs)
        yield size, least(command, GROWTH_ROUNDS)


# --- memory --------------------------------------------------------------------------------------------------------


def memory_of_a_plan(aws: Running, folder: Path, size: int) -> Row:
    template = snapshot_of_one(aws, folder / "template")
    specs, file = fleet.write_specs(folder / "specs", size), folder / "snapshot.json"
    write_snapshot(file, template, size)
    ran = planned(specs, file)
    return Row("memory of plan --snapshot", size, ran.figures)


def one_folder(aws: Running, folder: Path) -> list[Row]:
    """Functions that share one directory of code, which no zlib makes smaller: planned, and created."""
    aws.begin(Settings(has_quotas=False, latency_seconds=0.0, settle_seconds=0.0))
    specs, code = fleet.write_specs(folder, SHARING), folder / "code"
    code.mkdir()
    with (code / "data.bin").open("wb") as data:
        for _ in range(FOLDER_MB):
            data.write(os.urandom(1 << 20))
    (code / "app.py").write_text("def handler(event, context):\n    return event\n")
    for number in range(SHARING):
        (specs / f"{fleet.named(number)}.yaml").write_text(fleet.spec(number, code="{path: code}"))
    planned_ = reconcile("plan", ".", folder=specs, environment=aws.environment(), expected=PLANNED)
    applied = reconcile("apply", ".", "--yes", folder=specs, environment=aws.environment())
    case = f"{SHARING} functions on one directory of {FOLDER_MB} MB"
    return [Row(f"{case}, {verb}", SHARING, ran.figures) for verb, ran in (("plan", planned_), ("apply", applied))]
