"""What a function was, read before it is deleted, in the spec's words, so that it can be built again. Never writes.

Values of environment variables are left out: a report holds no secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.aws import Aws, Place
from reconciler.fetch import function_live
from reconciler.kinds.event_source_mapping import live_properties
from reconciler.kinds.function import is_sensitive
from reconciler.model import SENSITIVE, Target
from reconciler.report.documents import plain


def exported(aws: Aws, target: Target) -> dict[str, Any]:
    """The function as a spec would say it, with its policy; empty when it is gone already."""
    place, name = Place.of(target), {"FunctionName": target.function}
    held = aws.found(place, "GetFunction", name)
    if not held:
        return {}
    live = function_live(target, held["Configuration"], held)
    aliases = [item for page in aws.pages(place, "ListAliases", name) for item in page["Aliases"]]
    mappings = [
        aws.found(place, "GetEventSourceMapping", {"UUID": item["UUID"]}) or item  # an encrypted filter is not listed
        for page in aws.pages(place, "ListEventSourceMappings", name)
        for item in page["EventSourceMappings"]
    ]
    policy = aws.found(place, "GetPolicy", name)
    return {
        "function": target.function,
        "account": target.account,
        "region": target.region,
        "configuration": plain(hidden(live.properties["configuration"], ("configuration",))),
        "code": {**live.properties["code"], **{m: v for m, v in held.get("Code", {}).items() if m == "ImageUri"}},
        "tags": live.properties["tags"],
        "aliases": {
            item["Name"]: {member: item[member] for member in ("FunctionVersion", "Description", "RoutingConfig") if member in item}
            for item in aliases
        },
        "event_source_mappings": {item["UUID"]: plain(live_properties(item)) for item in mappings},
        "policy": policy["Policy"] if policy else None,
    }  # fmt: skip


def hidden(value: Any, steps: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: hidden(item, (*steps, key)) for key, item in value.items()}
    return SENSITIVE.text if is_sensitive(steps) else value
