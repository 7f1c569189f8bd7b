"""What a spec says once all its parts are laid together, value by value, each with its place. Nothing sensitive is in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core.diff import pointer
from reconciler.core.model import Origin, Target
from reconciler.core.values import SENSITIVE
from reconciler.files.strict_yaml import Document
from reconciler.files.validation import load_schema
from reconciler.spec.meant import OVERLAY, REFERENCE, with_region

HEAD = ("function", "layer", "account", "region", "regions")


@dataclass(frozen=True, slots=True)
class Said:
    """One value, as it is written, and where. A list is one value, and so is a map that is empty."""

    steps: tuple[str, ...]
    value: Any
    origin: Origin


def said(document: Document, target: Target) -> list[Said]:
    """Everything that a document says of a target, first of what it is and where; references stay as they are written."""
    laid = with_region(document, target.region)
    head = {name: laid.value[name] for name in HEAD if name in laid.value}
    rest = {name: value for name, value in laid.value.items() if name not in (*HEAD, OVERLAY)}
    return [
        Said(steps, _shown(value, steps, target.root), laid.key(pointer(steps)))
        for steps, value in _leaves({**head, **rest}, ())
    ]


def _leaves(value: Any, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping) and (value or not steps):
        for name, item in value.items():
            yield from _leaves(item, (*steps, name))
    else:
        yield steps, value


def _shown(value: Any, steps: tuple[str, ...], root: str) -> Any:
    if not is_sensitive(steps, root):
        return value
    if not isinstance(value, str) or not REFERENCE.search(value):
        return str(SENSITIVE)
    from reconciler.spec import references  # Jinja2 is needed only where there is a reference

    if not references.has_literals(value):
        return value
    referred = references.referred(value)
    return f"(sensitive, with {referred})" if referred else str(SENSITIVE)


def is_sensitive(steps: tuple[str, ...], root: str) -> bool:
    """Whether the schema marks what lies at `steps`, or anything that may stand in it."""
    schema: Any = load_schema(root)
    for step in steps:
        schema = schema.get("properties", {}).get(step) or schema.get("additionalProperties") or {}
    return '"x-sensitive"' in json.dumps(schema)
