"""How an alias shares its traffic out before and after an action, as a plan's document says it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.core.diff import steps_of
from reconciler.core.model import Live
from reconciler.core.plans import Action
from reconciler.core.values import KNOWN_AFTER_APPLY, UNSET
from reconciler.kinds.alias import ALIAS, weights
from reconciler.kinds.base import PUBLISHED
from reconciler.kinds.version import newest_number


def traffic_moved(action: Action, before: Iterable[Live]) -> dict[str, Any]:
    """`traffic` of an alias's action: version -> share, before and after; `next_version` is the number that a version published now
    gets if nobody publishes in between. Nothing where no traffic moves, or AWS did not tell where it goes."""
    if action.key.kind != ALIAS.name or action.verb == "none":
        return {}
    held = tuple(before)
    live = next((item.properties for item in held if item.key == action.key), {})
    then, now = _shares(live), {} if action.verb == "delete" else _shares(_changed(live, action))
    if then is None or now is None or then == now:
        return {}
    coming = {"next_version": str(newest_number(held) + 1)} if PUBLISHED in now else {}
    return {"traffic": {"before": then, "after": now, **coming}}


def _changed(live: Mapping[str, Any], action: Action) -> dict[str, Any]:
    """The alias's version and shares as the action leaves them."""
    version, shares = live.get("FunctionVersion", ""), dict(weights(live))
    if action.rollout and action.rollout.course == "begins":
        shares = {action.rollout.candidate: action.rollout.weight}
        return {"FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": shares}}
    for change in action.changes:
        name = steps_of(change.path)[-1]
        if name == "FunctionVersion":
            version = PUBLISHED if change.after == KNOWN_AFTER_APPLY else change.after
        elif "AdditionalVersionWeights" in change.path:
            shares = {key: share for key, share in shares.items() if key != name}
            shares |= {name: change.after} if change.after != UNSET else {}
    return {"FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": shares}}


def _shares(alias: Mapping[str, Any]) -> dict[str, float] | None:
    """None where AWS did not tell the version, or nobody looks at it."""
    if not alias:
        return {}
    version, others = alias.get("FunctionVersion"), weights(alias)
    if not isinstance(version, str) or not version:
        return None
    rest = round(1 - sum(others.values()), 6)
    return {str(name): share for name, share in sorted({**others, version: rest}.items()) if share}
