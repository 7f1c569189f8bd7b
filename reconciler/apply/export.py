"""What a function was, read before it is deleted, in the spec's words, so that it can be built again. Never writes.

Values of environment variables are left out: a report holds no secret.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.apply import looking
from reconciler.aws.client import Aws
from reconciler.core.model import Live, Spec, Target
from reconciler.core.place import Place
from reconciler.core.values import SENSITIVE
from reconciler.kinds import iam
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.permission import OPAQUE, PERMISSION, policy_of
from reconciler.kinds.policy import WHOLE_POLICY
from reconciler.kinds.registry import KINDS, TOLD
from reconciler.kinds.tags import own_tags
from reconciler.report.documents import plain
from reconciler.snapshot.fetch import fetch

UNKNOWN = "UNKNOWN"  # a name that both a bucket and a key may have


def exported(aws: Aws, target: Target, unreadable: Collection[str] = ()) -> dict[str, Any]:
    """The function as a valid spec, with its policy beside; empty when it is gone already. What AWS does not tell, where the code came
    from, or what a report must not hold, is marked; kinds that are known to be `unreadable`, by their words, and were told so with the
    plan, are left out, and so is what stays without its function, where there is none or it cannot be read. Raises SnapshotError where
    anything else cannot be read."""
    kinds = [kind for kind in map(KINDS.__getitem__, TOLD) if kind.word not in unreadable]
    names = frozenset(kind.name for kind in kinds)
    kept = frozenset(kind.name for kind in kinds if kind.is_kept)
    resources = fetch(aws, [Spec(target, "", (), frozenset())], taken_at="", kinds=names, optional=kept).resources
    function = next((item for item in resources if item.key.kind == FUNCTION.name), None)
    if function is None:
        return {}
    policy = aws.find(Place.of(target), "GetPolicy", {"FunctionName": target.function})
    sections = {kind.section: said for kind in kinds if (said := section(kind, resources)) or not kind.is_kept}
    sections[PERMISSION.section] = sections.get(PERMISSION.section, {}) | whole_policies(aws, resources)
    return {
        "function": target.function,
        "account": target.account,
        "region": target.region,
        "configuration": plain(hidden(function.properties["configuration"], FUNCTION, ("configuration",))),
        "code": source(function.properties["code"], function.handle),
        "tags": own_tags(function.handle["Tags"]),
        **sections,
        "policy": policy["Policy"] if policy else None,
    }


def source(live: Mapping[str, Any], handle: Mapping[str, Any]) -> dict[str, Any]:
    """The code's source: an image's address, or the hash of a zip that lies nobody knows where."""
    settings = {member: value for member, value in live.items() if member != "CodeSha256"}
    if "ImageUri" in handle:
        return {**settings, "ImageUri": handle["ImageUri"]}
    return {**settings, "S3Bucket": UNKNOWN, "S3Key": UNKNOWN, "sha256": live.get("CodeSha256", "")}


def whole_policies(aws: Aws, resources: Iterable[Live]) -> dict[str, Any]:
    """The policies that no statements of AddPermission's can say, by qualifier, as documents."""
    written: dict[str, Any] = {}
    for key in {item.key for item in resources if item.key.kind == PERMISSION.name and OPAQUE in item.properties}:
        name = policy_of(key.name)
        live = looking.seen(aws, replace(key, kind=WHOLE_POLICY.name, name=name))
        written |= {name: {WHOLE_POLICY.below: json.loads(iam.written(live.properties))}} if live else {}
    return written


def section(kind: Kind, resources: Iterable[Live]) -> dict[str, Any]:
    """A section of the spec, without what no spec can say."""
    entries = {item.key.name: entry(item) for item in resources if item.key.kind == kind.name}
    return kind.sectioned({name: said for name, said in entries.items() if said})


def entry(live: Live) -> Any:
    """What a section says of a resource; an empty text says nothing, and what is no member of the section cannot be said."""
    kind = KINDS[live.key.kind]
    members = {*kind.sections[0].members, *kind.sections[0].own}
    shown = hidden(live.properties, kind, ())
    return plain({member: value for member, value in shown.items() if member in members and value != ""})


def hidden(value: Any, kind: Kind, steps: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: hidden(item, kind, (*steps, key)) for key, item in value.items()}
    return SENSITIVE.text if kind.is_sensitive(steps) else value
