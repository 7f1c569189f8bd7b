"""A spec as it is meant for one of its targets: what `by_region` says is laid over it, and references to what the target itself
tells are filled in. Pure, and without Jinja2 where there is no reference: every spec is looked through.

One rule lays a part over a spec, RFC 7396: maps by their keys, everything else whole, null takes away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.model import Target
from reconciler.files.strict_yaml import Document
from reconciler.kinds.registry import SECTION_NAMES

OVERLAY = "by_region"
REFERENCE = re.compile(r"\{\{[-+]?\s*(?:ssm|secret|layer|account|region|function|partition)\b")
LOOKED_UP = ("configuration", "Environment", "Variables")  # for whoever looks values up, facts as well


def is_varied(document: Document) -> bool:
    """Whether a spec says something else for another target."""
    value = document.value
    return isinstance(value, dict) and (OVERLAY in value or any(_referring(value)))


def _referring(value: Any) -> Iterator[bool]:
    match value:
        case dict():
            for item in value.values():
                yield from _referring(item)
        case list():
            for item in value:
                yield from _referring(item)
        case str() if REFERENCE.search(value):
            yield True


def meant(document: Document, target: Target, account_id: str) -> Document:
    """The document for a target. `account_id` is the account's number, empty where reconcile.yaml does not say it."""
    laid = _laid_over(document, target.region)
    value = {
        name: _filled(item, (name,), target, account_id) if name in SECTION_NAMES else item
        for name, item in laid.value.items()
    }
    return replace(laid, value=value)


# --- by_region -----------------------------------------------------------------------------------------------------


def _laid_over(document: Document, region: str) -> Document:
    overlays = document.value.get(OVERLAY)
    overlay = overlays.get(region) if isinstance(overlays, dict) else None
    if not isinstance(overlay, dict):
        return document
    start = f"/{OVERLAY}/{escaped(region)}"
    return replace(
        document,
        value=merged(document.value, {name: part for name, part in overlay.items() if name in SECTION_NAMES}),
        origins=_moved(document.origins, start),
        values=_moved(document.values, start),
        texts=_moved(document.texts, start),
    )


def merged(value: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(value) if isinstance(value, Mapping) else {}
    for name, item in patch.items():
        if item is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), item)
    return result


def _moved(places: Mapping[str, Any], start: str) -> dict[str, Any]:
    """What stands below `start` stands at the top as well, in the place of what stood there."""
    return {**places, **{at.removeprefix(start): place for at, place in places.items() if at.startswith(f"{start}/")}}


# --- references ----------------------------------------------------------------------------------------------------


def _filled(value: Any, steps: tuple[str, ...], target: Target, account_id: str) -> Any:
    if steps == LOOKED_UP:
        return value
    match value:
        case dict():
            return {key: _filled(item, (*steps, str(key)), target, account_id) for key, item in value.items()}
        case list():
            return [_filled(item, steps, target, account_id) for item in value]
        case str() if REFERENCE.search(value):
            from reconciler.spec import references  # Jinja2 is needed only where there is a reference

            return references.filled(value, target, account_id)
    return value
