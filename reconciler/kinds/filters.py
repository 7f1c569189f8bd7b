"""Filter patterns of event source mappings: what AWS would refuse in them only when the call is made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.finding import Finding, Rule, named, part

MATCHERS = frozenset({
    "prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case", "wildcard", "cidr",
})  # fmt: skip


@Rule(
    "R066",
    "A filter pattern is one that AWS takes: a JSON object down to lists of what may match.",
    "https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html",
)
def filters_with_patterns(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, mapping in named(spec, "event_source_mappings"):
        filters = part(mapping, "FilterCriteria").get("Filters")
        for index, item in enumerate(filters if isinstance(filters, list) else ()):
            pattern = item.get("Pattern") if isinstance(item, dict) else None
            wrong = pattern_problem(pattern) if isinstance(pattern, str) else ""
            if wrong:
                yield Finding(f"{at}/FilterCriteria/Filters/{index}/Pattern", f"the filter pattern {wrong}")


def pattern_problem(text: str) -> str:
    """What AWS would refuse a filter pattern for; empty when nothing is known to be wrong."""
    try:
        pattern = json.loads(text)
    except (ValueError, RecursionError):
        return """is not JSON; write an object in quotes, as in '{"body": {"kind": ["order"]}}'"""
    return _wrong_rule(pattern, ()) if isinstance(pattern, dict) else "must be a JSON object"


def _wrong_rule(rule: Any, steps: tuple[str, ...]) -> str:
    """A pattern is objects down to lists of what may match."""
    where = ".".join(steps)
    if isinstance(rule, dict):
        return next((wrong for key, item in rule.items() if (wrong := _wrong_rule(item, (*steps, key)))), "")
    if not isinstance(rule, list):
        return f"has {json.dumps(rule)} at {where}; what may match is a list: write [{json.dumps(rule)}]"
    if not rule:
        return f"has an empty list at {where}, which matches nothing; name what may match"
    if steps[-1:] == ("$or",):
        return next((wrong for item in rule if (wrong := _wrong_rule(item, steps))), "")
    return next((wrong for item in rule if (wrong := _wrong_matcher(item, where))), "")


def _wrong_matcher(item: Any, where: str) -> str:
    if isinstance(item, list):
        return f"has a list within the list at {where}; write one list"
    if isinstance(item, dict) and (len(item) != 1 or not MATCHERS.issuperset(item)):
        return f"has {json.dumps(item)} at {where}, which is no comparison; known are {', '.join(sorted(MATCHERS))}"
    return ""


RULES = (filters_with_patterns,)
