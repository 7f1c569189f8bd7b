"""One measured run of a command, and the rows that the benchmarks make of such runs."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

RECONCILE = (sys.executable, "-m", "reconciler")
HOUSE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command took, with all processes that it started and waited for: seconds, and its largest process in MB."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    exit_code: int
    output: str

    @property
    def figures(self) -> dict[str, float]:
        return {"wall": self.wall_seconds, "cpu": self.cpu_seconds, "peak": self.peak_mb}


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one case at one size; a figure that was not measured is missing."""

    case: str
    size: int
    figures: Mapping[str, float] = field(default_factory=dict)


class Failed(Exception):
    """A command that is measured ended as it must not: its figures would mean nothing."""


def run(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, expected: Sequence[int] = (0,)
) -> Ran:
    """In a folder, made where there is none. Raises Failed on another exit code than those expected."""
    folder.mkdir(parents=True, exist_ok=True)
    variables = {**os.environ, "PYTHONPATH": str(HOUSE), **(environment or {})}
    with tempfile.TemporaryFile() as out:
        begun = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        process.returncode = code = os.waitstatus_to_exitcode(status)
        out.seek(0)
        output = out.read().decode(errors="replace")
    if code not in expected:
        raise Failed(f"{' '.join(command)} ended with {code}:\n{output[-2000:]}")
    return Ran(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, code, output)


def reconcile(
    *words: str, folder: Path, environment: Mapping[str, str] | None = None, expected: Sequence[int] = (0,)
) -> Ran:
    return run((*RECONCILE, *words), folder, environment, expected)


def exponent(points: Mapping[int, float]) -> float:
    """The slope of the seconds over the sizes, both as logarithms: 1 is linear, 2 quadratic."""
    logged = [(math.log(size), math.log(max(seconds, 0.001))) for size, seconds in points.items()]
    middle = [sum(column) / len(logged) for column in zip(*logged, strict=True)]
    spread = math.fsum((x - middle[0]) ** 2 for x, _ in logged)
    return math.fsum((x - middle[0]) * (y - middle[1]) for x, y in logged) / spread


def commit_first(folder: Path) -> None:
    """A repository of what is in a folder."""
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "before")):
        git(folder, *words)


def git(folder: Path, *words: str) -> None:
    """In a repository of a stranger to this machine's settings."""
    settings = (
        "-c",
        "user.name=bench",
        "-c",
        "user.email=bench@example.com",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "init.defaultBranch=main",
    )
    subprocess.run(["git", *settings, *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
