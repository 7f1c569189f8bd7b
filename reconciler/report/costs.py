"""What an apply of a plan costs, in words: calls, and about how long they take. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.words import duration, many

Document = Mapping[str, Any]
MOST_PLACES = 8  # what is more is counted


def calls(plan: Document) -> str:
    """`4 AWS calls and about 13 looks, about 6 s`; the changes alone where nobody has worked out what else there is."""
    costs, changes = plan.get("costs", ()), many(plan["summary"]["operations"], "AWS call")
    if not costs:
        return changes
    return f"{changes} and {_looks_and_time(costs)}"


def places(plan: Document) -> list[str]:
    """A line each account and region, where there are several: those that take longest."""
    costs = plan.get("costs", ())
    if len(costs) < 2:
        return []
    longest = sorted(costs, key=lambda cost: -float(cost["seconds"]))[:MOST_PLACES]
    lines = [
        f"{cost['account']}/{cost['region']}: {many(cost['changes'], 'call')} and {_looks_and_time([cost])}"
        for cost in costs
        if cost in longest
    ]
    more = len(costs) - len(longest)
    return [*lines, f"and {many(more, 'more place')}"] if more else lines


def _looks_and_time(costs: Sequence[Document]) -> str:
    """All at once, as far as they are of several places."""
    looks, seconds = sum(cost["looks"] for cost in costs), max(cost["seconds"] for cost in costs)
    bound = "at least" if any(cost["is_at_least"] for cost in costs) else "about"
    return f"about {many(looks, 'look')}, {bound} {duration(max(1.0, seconds))}"
