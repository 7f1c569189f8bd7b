"""Looks at single resources, in the form in which they are compared with what they must be. Never writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.aws.client import Aws, Place
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.kinds.configuration import live_configuration
from reconciler.kinds.event_source_mapping import live_properties
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS, state_of
from reconciler.snapshot import fetch


def seen(aws: Aws, key: Key, *, has_tags: bool = False) -> Live | None:
    """The resource as AWS holds it now; None when there is none. `has_tags`: with a mapping's tags, a call of their own."""
    place, target = Place.of(key.target), key.target
    params = {"FunctionName": target.function}
    match key.kind:
        case "function":
            found = aws.found(place, "GetFunction", params)
            if not found:
                return None
            return _with_answer(fetch.function_live(target, found["Configuration"], found), found["Configuration"])
        case "version":
            found = aws.found(place, "GetFunction", params | {"Qualifier": key.name})
            return version(target, found["Configuration"]) if found else None
        case "alias":
            found = aws.found(place, "GetAlias", params | {"Name": key.name})
            return alias(target, found) if found else None
    found = aws.found(place, "GetEventSourceMapping", {"UUID": key.name})
    return mapping(aws, target, found, has_tags=has_tags) if found else None


def mapping(aws: Aws, target: Target, answer: Mapping[str, Any], *, has_tags: bool) -> Live | None:
    """A mapping of an answer, with the function that it invokes by now; None when it is on its way out."""
    if answer.get("State") == "Deleting":
        return None
    tags = fetch.tags_of(aws, Place.of(target), answer) if has_tags else None
    live = fetch.mapping_live(target, answer, tags)
    invoked = {"FunctionName": fetch.function_of(answer)}
    return _with_answer(replace(live, properties={**live.properties, **invoked}), answer)


def alias(target: Target, answer: Mapping[str, Any]) -> Live:
    return _with_answer(fetch.alias_live(target, answer), answer)


def version(target: Target, answer: Mapping[str, Any]) -> Live:
    return _with_answer(fetch.version_live(target, answer), answer)


def _with_answer(live: Live, answer: Mapping[str, Any]) -> Live:
    """In the form that is compared; its handle is all that AWS answered."""
    return replace(state_of(live), handle=answer)


def versions_after(aws: Aws, target: Target, number: int) -> Iterator[Live]:
    """Versions with greater numbers."""
    pages = aws.pages(Place.of(target), "ListVersionsByFunction", {"FunctionName": target.function})
    for page in pages:
        for item in page["Versions"]:
            if str(item.get("Version", "")).isdigit() and int(item["Version"]) > number:
                yield version(target, item)


def mappings_of(aws: Aws, name: str, target: Target) -> Iterator[str]:
    """UUIDs of the mappings that invoke a function, named with its qualifier."""
    for page in aws.pages(Place.of(target), "ListEventSourceMappings", {"FunctionName": name}):
        yield from (item["UUID"] for item in page["EventSourceMappings"])


def answered(key: Key, result: Mapping[str, Any]) -> Properties:
    """What the answer of a change says of the resource, as far as it speaks of it."""
    function = key.target.function
    if key.kind == FUNCTION.name:
        state = FUNCTION.state({"configuration": live_configuration(result)}, function)
        return {"configuration": state["configuration"], "code": {"CodeSha256": result.get("CodeSha256", "")}}
    return KINDS[key.kind].state(live_properties(result), function)
