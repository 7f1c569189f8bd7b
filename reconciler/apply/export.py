"""What a function was, read before it is deleted, in the spec's words, so that it can be built again. Never writes.

Values of environment variables are left out: a report holds no secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.aws.client import Aws, Place
from reconciler.core.model import SENSITIVE, Target
from reconciler.kinds.configuration import is_sensitive
from reconciler.kinds.event_source_mapping import live_properties
from reconciler.kinds.tags import own_tags
from reconciler.report.documents import plain
from reconciler.snapshot.fetch import function_live

UNKNOWN = "UNKNOWN"  # a name that both a bucket and a key may have


def exported(aws: Aws, target: Target) -> dict[str, Any]:
    """The function as a valid spec, with its policy beside; empty when it is gone already. What AWS does not tell, where the
    code came from, or what a report must not hold, is marked."""
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
        "code": source(live.properties["code"], held.get("Code", {})),
        "tags": own_tags(held.get("Tags", {})),
        "aliases": {
            item["Name"]: {member: item[member] for member in ("FunctionVersion", "Description", "RoutingConfig") if member in item}
            for item in aliases
        },
        "event_source_mappings": {item["UUID"]: plain(named(live_properties(item))) for item in mappings},
        "policy": policy["Policy"] if policy else None,
    }  # fmt: skip


def source(live: Mapping[str, Any], code: Mapping[str, Any]) -> dict[str, Any]:
    """The code's source: an image's address, or the hash of a zip that lies nobody knows where."""
    kept = {member: value for member, value in live.items() if member != "CodeSha256"}
    if "ImageUri" in code:
        return {**kept, "ImageUri": code["ImageUri"]}
    return {**kept, "S3Bucket": UNKNOWN, "S3Key": UNKNOWN, "sha256": live.get("CodeSha256", "")}


def named(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping of the function itself names no alias."""
    return {member: value for member, value in mapping.items() if member != "alias" or value}


def hidden(value: Any, steps: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: hidden(item, (*steps, key)) for key, item in value.items()}
    return SENSITIVE.text if is_sensitive(steps) else value
