"""What reconcile does with fleets on the canned AWS, case by case: calls, seconds, memory, and the bound."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks import bounds, fleet
from tests.benchmarks.aws import Running
from tests.benchmarks.aws.canned import Settings
from tests.benchmarks.aws.quotas import QUOTAS, SCARCE_QUOTA, bucket_of
from tests.benchmarks.measuring import Ran, Row, commit_first, reconcile, run

REGIONS = (fleet.REGION, "us-east-1", "eu-west-1", "eu-north-1")
CHANGED_OF, LONG_SETTLE = 500, 60.0
BARE_SHARE = 0.9  # of a quota: so that hardly one is refused
BESIDE = ("s3", "sts", "tagging", "iam", "logs")
Measure = Callable[[Running, Path, int], Row]


def called(counts: Mapping[str, Any]) -> dict[str, float]:
    """Calls of Lambda and of what is beside it, those of them that are scarce, and those that were refused for their rate."""
    calls: Mapping[str, int] = counts["calls"]
    throttled: Mapping[str, int] = counts["throttled"]
    scarce = {name: count for name, count in calls.items() if name not in BESIDE and bucket_of(name) not in QUOTAS}
    return {
        "calls": sum(calls.values()),
        "scarce": sum(scarce.values()),
        "throttled": sum(throttled.values()),
    }


def row(case: str, size: int, ran: Ran, aws: Running, bound_scarce: int, bound_seconds: float) -> Row:
    figures = called(aws.counts())
    return Row(
        case, size,
        {
            **figures, **ran.figures, "bound": bound_seconds,
            "scarce/bound": figures["scarce"] / bound_scarce if bound_scarce else math.nan,
            "wall/bound": ran.wall_seconds / bound_seconds if bound_seconds else math.nan,
        },
    )  # fmt: skip


def no_op_plan(aws: Running, folder: Path, size: int) -> Row:
    aws.begin(Settings(functions=size))
    fleet.write_specs(folder, size)
    ran = reconcile("plan", ".", "--detailed-exitcode", folder=folder, environment=aws.environment())
    scarce = bounds.reading(size)
    return row("no-op plan", size, ran, aws, scarce, bounds.seconds(scarce, size))


def cold_apply(aws: Running, folder: Path, size: int, settle_seconds: float = 2.0) -> Row:
    aws.begin(Settings(settle_seconds=settle_seconds))
    fleet.write_specs(folder, size)
    ran = reconcile("apply", ".", "--yes", folder=folder, environment=aws.environment())
    scarce = bounds.creating(size)
    case = "cold apply" if settle_seconds != LONG_SETTLE else f"cold apply, settles in {LONG_SETTLE:.0f} s"
    return row(case, size, ran, aws, scarce, bounds.seconds(scarce))


def slow_cold_apply(aws: Running, folder: Path, size: int) -> Row:
    return cold_apply(aws, folder, size, LONG_SETTLE)


def one_change_apply(aws: Running, folder: Path, size: int) -> Row:
    aws.begin(Settings(functions=size))
    fleet.write_specs(folder, size)
    fleet.change(folder, [0])
    ran = reconcile("apply", ".", "--yes", folder=folder, environment=aws.environment())
    scarce = bounds.reading(size) + bounds.changing(1)
    return row("apply of one change", size, ran, aws, scarce, bounds.seconds(scarce, size))


def four_regions(aws: Running, folder: Path, size: int) -> Row:
    """As many functions in each; the bound is that of one region."""
    aws.begin(Settings(functions=size, regions=REGIONS))
    fleet.write_specs(folder, size, REGIONS)
    ran = reconcile("plan", ".", "--detailed-exitcode", folder=folder, environment=aws.environment())
    scarce = bounds.reading(size)
    return row("no-op plan, four regions", size, ran, aws, scarce * len(REGIONS), bounds.seconds(scarce, size))


def changed_since(aws: Running, folder: Path, size: int) -> Row:
    """The plan of a pull request that changes one function of many."""
    aws.begin(Settings(functions=size))
    fleet.write_specs(folder, size)
    commit_first(folder)
    fleet.change(folder, [0])
    question = ("plan", ".", "--changed-since", "HEAD", "--detailed-exitcode")
    ran = reconcile(*question, folder=folder, environment=aws.environment(), expected=(10,))
    return row("plan --changed-since, one change", size, ran, aws, 0, 0.0)


def bare(aws: Running, folder: Path, size: int) -> Row:
    """The calls of a no-op plan by threads of bare boto3 under the same quotas, with nothing done to the answers."""
    aws.begin(Settings(functions=size))
    rates = (str(BARE_SHARE * rate) for rate in (QUOTAS["GetFunction"], SCARCE_QUOTA))
    ran = run((sys.executable, "-m", "tests.benchmarks.bare", str(size), *rates), folder, aws.environment())
    scarce = bounds.reading(size)
    return row("bare boto3, the plan's calls", size, ran, aws, scarce, bounds.seconds(scarce, size))
