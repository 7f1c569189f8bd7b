"""A spec as it is meant for one of its targets: what `by_region` says is laid over it, and references to what the target itself
tells are filled in. Pure, and without Jinja2 where there is no reference: every spec is looked through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.model import Target
from reconciler.files.strict_yaml import Document
from reconciler.kinds.registry import SECTION_NAMES
from reconciler.spec.laying import laid_over, part, without

OVERLAY = "by_region"
REFERENCE = re.compile(r"\{\{[-+]?\s*(?:ssm|secret|layer|account|region|function|partition)\b")
BRACES = "{{"  # with which each begins
LOOKED_UP = ("configuration", "Environment", "Variables")  # for whoever looks values up, facts as well


def is_varied(document: Document) -> bool:
    """Whether a spec says something else for another target."""
    value = document.value
    return isinstance(value, dict) and (OVERLAY in value or refers(value))


def refers(value: Any) -> bool:
    """Whether any text in a value refers to something."""
    return has_braces(value) and next(texts_with_references(value), None) is not None


def has_braces(value: Any) -> bool:
    """Whether any text or key in a value could hold a reference: most specs hold none, and need no closer look."""
    inside = [value]
    for item in inside:  # which grows meanwhile: a call for each would take longer than all there is to do
        if isinstance(item, str):
            if BRACES in item:
                return True
        elif isinstance(item, dict):
            inside += item
            inside += item.values()
        elif isinstance(item, list):
            inside += item
    return False


def texts_with_references(value: Any, at: str = "") -> Iterator[str]:
    """The pointers of all texts that refer to something."""
    match value:
        case dict():
            for key, item in value.items():
                yield from texts_with_references(item, f"{at}/{escaped(str(key))}")
        case list():
            for index, item in enumerate(value):
                yield from texts_with_references(item, f"{at}/{index}")
        case str() if REFERENCE.search(value):
            yield at


def meant(document: Document, target: Target, account_id: str) -> Document:
    """The document for a target. `account_id` is the account's number, empty where reconcile.yaml does not say it."""
    laid = with_region(document, target.region)
    value = {
        name: _filled(item, (name,), target, account_id) if name in SECTION_NAMES else item
        for name, item in laid.value.items()
    }
    return replace(laid, value=value)


# --- by_region -----------------------------------------------------------------------------------------------------


def with_region(document: Document, region: str) -> Document:
    """The document with what it says of one region laid over it."""
    overlays = document.value.get(OVERLAY)
    overlay = overlays.get(region) if isinstance(overlays, dict) else None
    if not isinstance(overlay, dict):
        return document
    at = f"/{OVERLAY}/{escaped(region)}"
    laid = laid_over(document, without(part(document, at), [f"/{name}" for name in overlay.keys() - {*SECTION_NAMES}]))
    return replace(laid, origins={**laid.origins, "": document.key("")}, values={**laid.values, "": document.at("")})


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
