"""What the figures should be, and whether they are. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from tests.benchmarks.measuring import Row

Figure = Callable[["Figures"], float]


@dataclass(frozen=True, slots=True)
class Figures:
    """All rows, asked by case, size and figure; what was not measured is not a number."""

    rows: Sequence[Row]

    def of(self, case: str, figure: str, size: int = 0) -> float:
        """Of the largest size that was measured, unless one is said."""
        fitting = [row for row in self.rows if row.case == case and size in (0, row.size) and figure in row.figures]
        return max(fitting, key=lambda row: row.size).figures[figure] if fitting else math.nan


@dataclass(frozen=True, slots=True)
class Target:
    """A figure and its limit; `is_least` when it must not be below."""

    text: str
    limit: float
    figure: Figure
    is_least: bool = False

    @property
    def bound(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.limit:g}"

    def verdict(self, told: float) -> str:
        """Whether the target holds, is missed and by how much, or was not measured."""
        if math.isnan(told):
            return "not measured"
        if told >= self.limit if self.is_least else told <= self.limit:
            return "holds"
        return f"MISSED, {self.limit / told:.2f} times" if self.is_least else f"MISSED by {told - self.limit:.4g}"


def verdicts(rows: Sequence[Row]) -> list[tuple[Target, float, str]]:
    """Each target with its figure, and what is to be said of it."""
    figures = Figures(rows)
    return [(target, told := target.figure(figures), target.verdict(told)) for target in TARGETS]


def figure(case: str, name: str, size: int = 0) -> Figure:
    return lambda figures: figures.of(case, name, size)


def ratio(above: Figure, below: Figure) -> Figure:
    def told(figures: Figures) -> float:
        divisor = below(figures)
        return above(figures) / divisor if divisor else math.nan

    return told


def worst(figures: Figures, case: str, name: str) -> float:
    return max((row.figures.get(name, math.nan) for row in figures.rows if row.case.startswith(case)), default=math.nan)


def throttled(figures: Figures) -> float:
    """Of all that reconcile did."""
    own = [row for row in figures.rows if "throttled" in row.figures and not row.case.startswith(("terraform", "bare"))]
    return sum(row.figures["throttled"] for row in own) if own else math.nan


def slow_settling(figures: Figures) -> float:
    """Of the seconds that it may take: 1.3 times its bound or a minute, and ten."""
    case = "cold apply, settles in 60 s"
    return figures.of(case, "wall") / (1.3 * max(figures.of(case, "bound"), 60.0) + 10.0)


PLAN, COLD, BASE = "no-op plan", "cold apply", "plan --snapshot --base"
FOLDER = "8 functions on one directory of 40 MB"
TARGETS: Iterable[Target] = (
    Target("no-op plan of 1,000: scarce calls : bound", 1.0, figure(PLAN, "scarce/bound", 1000)),
    Target("no-op plan of 1,000: seconds : bound", 1.12, figure(PLAN, "wall/bound", 1000)),
    Target("no-op plan of 4 regions : of one", 1.2, ratio(figure("no-op plan, four regions", "wall"), figure(PLAN, "wall", 250))),
    Target("calls refused for their rate, in all cases", 0, throttled),
    Target("no-op plan of 1,000: processor : bare boto3", 1.4, ratio(figure(PLAN, "cpu", 1000), figure("bare boto3, the plan's calls", "cpu", 1000))),
    Target("cold apply of 100, settles in 2 s: seconds : bound of its writes", 1.3, figure(COLD, "wall/bound", 100)),
    Target("cold apply of 100, settles in 60 s: of what it may take", 1.0, slow_settling),
    Target("plan --snapshot --base of 4,000: seconds of the processor", 15, figure(BASE, "cpu", 4000)),
    Target("largest exponent of all growth", 1.1, partial(worst, case="growth of", name="exponent")),
    Target("plan of 1,000 creations: seconds of the processor", 2, figure("plan of creations", "cpu", 1000)),
    Target("validating : parsing with the C loader", 3, figure("validating : parsing with the C loader", "ratio")),
    Target("reconcile --version : python -c pass", 3, figure("reconcile --version", "ratio to python -c pass")),
    Target("plan --snapshot of 5,000: MB", 250, figure("memory of plan --snapshot", "peak", 5000)),
    Target("one change of 500, --changed-since: calls", 15, figure("plan --changed-since, one change", "calls", 500)),
    Target(f"{FOLDER}, plan: MB", 250, figure(f"{FOLDER}, plan", "peak")),
    Target(f"{FOLDER}, apply: MB", 250, figure(f"{FOLDER}, apply", "peak")),
    Target("Terraform's no-op plan of 100: calls : ours", 2.5, ratio(figure("terraform, no-op plan", "calls", 100), figure(PLAN, "calls", 100)), is_least=True),
    Target("Terraform's no-op plan of 100: seconds : ours", 8, ratio(figure("terraform, no-op plan", "wall", 100), figure(PLAN, "wall", 100)), is_least=True),
    Target("Terraform's no-op plan of 100: processor : ours", 6, ratio(figure("terraform, no-op plan", "cpu", 100), figure(PLAN, "cpu", 100)), is_least=True),
    Target("Terraform's cold apply of 100: calls : ours", 2.5, ratio(figure("terraform, cold apply", "calls", 100), figure(COLD, "calls", 100)), is_least=True),
    Target("Terraform's cold apply of 100: seconds : ours", 4, ratio(figure("terraform, cold apply", "wall", 100), figure(COLD, "wall", 100)), is_least=True),
    Target("Terraform's cold apply of 100: processor : ours", 6, ratio(figure("terraform, cold apply", "cpu", 100), figure(COLD, "cpu", 100)), is_least=True),
)  # fmt: skip
