"""Rules over what a member holds where its type says too little: filter patterns, paths that are ignored. Pure.

AWS would say each of these only when the call is made, after others were carried out; an ignored path would never be
missed at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.diff import escaped, is_named, steps_of
from reconciler.core.finding import Found, named, part
from reconciler.files.validation import close_match, load_schema

MATCHERS = frozenset({
    "prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case", "wildcard", "cidr",
})  # fmt: skip
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NO_CODE = "code compares as a whole, by its hash; write /code to leave it to somebody else"
SOURCE_OF_CODE = ("path", "sha256", "ImageUri", "S3Bucket", "S3Key", "S3ObjectVersion")
IDENTITY = ("EventSourceArn", "SelfManagedEventSource", "Topics", "Queues")


def findings(spec: Any) -> list[Found]:
    rules = (filters_with_patterns, ignores_what_can_match)
    return [found for rule in rules for found in rule(spec)] if isinstance(spec, dict) else []


# --- filters ------------------------------------------------------------------------------------------------------


def filters_with_patterns(spec: Mapping[str, Any]) -> Iterator[Found]:
    for at, _, mapping in named(spec, "event_source_mappings"):
        filters = part(mapping, "FilterCriteria").get("Filters")
        for index, item in enumerate(filters if isinstance(filters, list) else ()):
            pattern = item.get("Pattern") if isinstance(item, dict) else None
            wrong = pattern_problem(pattern) if isinstance(pattern, str) else ""
            if wrong:
                yield Found(f"{at}/FilterCriteria/Filters/{index}/Pattern", f"the filter pattern {wrong}")


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


# --- ignored paths -------------------------------------------------------------------------------------------------


def ignores_what_can_match(spec: Mapping[str, Any]) -> Iterator[Found]:
    pointers = spec.get("ignore")
    for index, pointer in enumerate(pointers if isinstance(pointers, list) else ()):
        if isinstance(pointer, str) and pointer.startswith("/"):
            steps = steps_of(pointer)
            if steps[0] in load_schema("function")["properties"] and steps[0] != "ignore":
                wrong = unmatched(steps, spec)
                if wrong:
                    yield Found(f"/ignore/{index}", f"{pointer} can never match: {wrong}")


def unmatched(steps: tuple[str, ...], spec: Mapping[str, Any]) -> str:
    """Why nothing can ever stand at these steps of a spec; empty when something can."""
    section, *rest = steps
    schema = load_schema("function")["properties"][section]
    if section == "code" and rest and rest[0] in SOURCE_OF_CODE:
        return NO_CODE
    if section == "event_source_mappings" and len(rest) > 1 and rest[1] in IDENTITY:
        return f"{rest[1]} says which mapping it is; another one is another mapping"
    if section in ("aliases", "event_source_mappings") and rest:
        wrong = _undeclared(section, rest, spec.get(section))
        if wrong:
            return wrong
    return _below(schema, rest, f"/{section}")


def _undeclared(section: str, rest: list[str], declared: Any) -> str:
    """A name that the section does not have: whole, it may be somebody else's; below it there is nothing to compare."""
    name = rest[0]
    if not isinstance(declared, dict) or name in declared or "*" in name:
        return ""
    is_somebodys = len(rest) == 1 and (section == "aliases" or UUID.fullmatch(name))
    return "" if is_somebodys else f"{section} has no {name}{close_match(name, declared)}"


def _below(schema: Mapping[str, Any], steps: list[str], at: str) -> str:
    """Walk the schema; any one of the members that `*` stands for is enough."""
    if not steps:
        return ""
    first, *rest = steps
    known = {name: inner for name, inner in schema.get("properties", {}).items() if not inner.get("readOnly")}
    others = schema.get("additionalProperties")
    if "items" in schema or schema.get("type") == "array":
        return f"{at} is a list, which is one value; write {at} to leave it to somebody else"
    if not known and not isinstance(others, dict):
        return f"{at} is a single value and has nothing below it"
    if "*" in first:
        inner = [one for name, one in known.items() if is_named(first, name)]
        wrong = [
            _below(one, rest, f"{at}/{first}") for one in (*inner, *([others] if isinstance(others, dict) else []))
        ]
        return "" if "" in wrong else next(iter(wrong), f"{at} has nothing like {first}")
    if first in known:
        return _below(known[first], rest, f"{at}/{first}")
    if isinstance(others, dict):
        return _below(others, rest, f"{at}/{escaped(first)}")
    if first in schema.get("properties", {}):
        return f"{first} is AWS's answer, not a setting"
    folded = {name.lower(): name for name in known}
    hint = f"; did you mean {folded[first.lower()]}?" if first.lower() in folded else close_match(first, known)
    return f"{at} has no {first}{hint if len(hint) < 200 else ''}"
