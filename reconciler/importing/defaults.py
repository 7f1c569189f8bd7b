"""What most of some specs say alike, as defaults that they extend; and what each still says over it. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.core.diff import value_at, with_value
from reconciler.core.sealing import canonical
from reconciler.core.values import UNSET
from reconciler.importing.drafts import Draft
from reconciler.kinds.configuration import CONFIGURATION
from reconciler.kinds.log_group import LOG_GROUP

SECTIONS = (CONFIGURATION.name, "tags", LOG_GROUP.name)  # of what else there is a function's own
LEAST, LEAST_PERCENT = 3, 80
OWN = ("function", "account", "region", "regions", "adopt")


def common(drafts: Sequence[Draft]) -> dict[str, Any]:
    """The members of sections that have one value in at least three of the specs, and in at least four of five."""
    said = [
        (section, member, canonical(value))
        for draft in drafts
        for section in SECTIONS
        for member, value in draft.document.get(section, {}).items()
    ]
    shared: dict[str, Any] = {}
    for (section, member, value), count in Counter(said).items():
        if count >= LEAST and count * 100 >= LEAST_PERCENT * len(drafts):
            shared = with_value(shared, (section, member), json.loads(value))
    return {section: dict(sorted(shared[section].items())) for section in SECTIONS if section in shared}


def extending(draft: Draft, shared: Mapping[str, Any], path: str) -> Draft:
    """The draft with no more than it says over the defaults at a path."""
    own = {name: value for name, value in draft.document.items() if name in OWN}
    rest = {name: value for name, value in draft.document.items() if name not in OWN}
    document = {**own, "extends": path, **patch(shared, rest)}
    return replace(draft, document=document, elsewhere=frozenset(shared))


def patch(below: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What must be laid over a map, by RFC 7396, for it to become another."""
    over: dict[str, Any] = {name: None for name in below if name not in wanted}
    for name, value in wanted.items():
        lower = value_at(below, (name,))
        if isinstance(value, Mapping) and isinstance(lower, Mapping):
            inner = patch(lower, value)
            over |= {name: inner} if inner else {}
        elif lower is UNSET or canonical(lower) != canonical(value):
            over[name] = value
    return over
