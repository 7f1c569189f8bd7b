"""How much one run may delete, and what pruning means. Pure.

A deletion is a function that is deleted or replaced, or a mapping or alias that is deleted or replaced on a function that
stays. What goes with its function is not counted again.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.config import Guards
from reconciler.errors import UnsafePlan
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.version import VERSION
from reconciler.model import Key, Plan, Snapshot, Spec, Target

DELETING = ("delete", "replace")


def deletions(plan: Plan) -> tuple[Key, ...]:
    """What the plan deletes or replaces, sorted."""
    found: list[Key] = []
    for one in plan.targets:
        gone = [action.key for action in one.actions if action.verb in DELETING and action.key.kind != VERSION.name]
        functions = [key for key in gone if key.kind == FUNCTION.name]
        found += functions or gone
    return tuple(sorted(found))


def check(plan: Plan, snapshot: Snapshot, guards: Guards, *, allowed: int | None) -> None:
    """Raises UnsafePlan when the plan deletes more than the guards allow, unless `allowed` is the very number."""
    found = deletions(plan)
    if allowed is not None and allowed != len(found):
        raise UnsafePlan(f"--allow-deletes says {allowed}, but the plan deletes or replaces {_named(found)}")
    if allowed is not None or not found:
        return
    live = len({item.key.target for item in snapshot.resources if item.key.kind == FUNCTION.name})
    percent = 100 * len(found) / max(live, 1)
    limits = []
    if guards.max_deletes is not None and len(found) > guards.max_deletes:
        limits.append(f"guards.maxDeletes is {guards.max_deletes}")
    if guards.max_delete_percent is not None and percent > guards.max_delete_percent:
        limits.append(f"guards.maxDeletePercent is {guards.max_delete_percent:g} and this is {percent:.0f} % of {live}")
    if limits:
        raise UnsafePlan(
            f"the plan deletes or replaces {_named(found)}; {' and '.join(limits)}; "
            f"nothing was changed; pass --allow-deletes {len(found)} if that is meant"
        )


def _named(keys: Iterable[Key]) -> str:
    names = [str(key) for key in keys]
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"{len(names)} ({shown})" if names else "nothing"


def pruning(orphans: Iterable[Target]) -> list[Spec]:
    """Specs that ask for the deletion of functions which bear our mark and have no spec."""
    return [Spec(target, "", (), frozenset(), is_absent=True) for target in orphans]
