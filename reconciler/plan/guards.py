"""How much one run may delete, and what pruning means. Pure.

A deletion is a function that is deleted or replaced, or a mapping or alias that is deleted or replaced on a function that
stays. What goes with its function is not counted again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from reconciler.core.accounts import Guards
from reconciler.core.finding import Rule
from reconciler.core.model import Key, Snapshot, Spec, Target
from reconciler.core.plans import Plan
from reconciler.kinds.registry import KINDS

DELETING = ("delete", "replace")
TRAILER = "Reconcile-Allow-Deletes"
DELETES_NO_MORE_THAN_ALLOWED = Rule(
    "R242", f"A run deletes and replaces no more than guards, --allow-deletes or the trailer {TRAILER} allow."
)


def deletions(plan: Plan) -> tuple[Key, ...]:
    """What the plan deletes or replaces, sorted; what a refusal keeps from happening is left out."""
    keys: list[Key] = []
    for target_plan in plan.unrefused:
        in_target = [
            action.key
            for action in target_plan.actions
            if action.verb in DELETING and KINDS[action.key.kind].counts_as_deletion
        ]
        whole = [key for key in in_target if KINDS[key.kind].is_root]
        keys += whole or in_target
    return tuple(sorted(keys))


def living(snapshot: Snapshot) -> frozenset[Target]:
    """The functions and layers that a snapshot holds."""
    return frozenset(_whole(item.key.target) for item in snapshot.resources if item.key.kind == item.key.target.root)


def _whole(target: Target) -> Target:
    """What a target is of: versions of a layer are of their layer."""
    return replace(target, root=KINDS[target.root].of)


def permitted_by(messages: Iterable[str]) -> frozenset[int]:
    """The numbers of deletions that commits' messages allow, each on a line of its own: a merge may put any line last."""
    line = re.compile(rf"^{TRAILER}:[ \t]*([0-9]{{1,9}})[ \t]*$", re.MULTILINE)
    return frozenset(int(number) for message in messages for number in line.findall(message.replace("\r", "")))


def problem(
    plan: Plan,
    house: frozenset[Target],
    guards: Guards,
    *,
    allowed: int | None,
    permitted: frozenset[int] = frozenset(),
) -> str:
    """Why the whole run is refused: it deletes more than the guards allow, and the very number is neither what was `allowed`, which
    must be that, nor `permitted`. Empty when it may go on. `house` are the functions and layers that live, of which a percentage is meant."""
    keys = deletions(plan)
    if allowed is not None:
        wrong = f"--allow-deletes says {allowed}, but the plan deletes or replaces {_named(keys)}"
        return wrong if allowed != len(keys) else ""
    live = len(house)
    percent = 100 * len({_whole(key.target) for key in keys}) / max(live, 1)
    limits = []
    if guards.max_deletes is not None and len(keys) > guards.max_deletes:
        limits.append(f"guards.maxDeletes is {guards.max_deletes}")
    if keys and guards.max_delete_percent is not None and percent > guards.max_delete_percent:
        limits.append(f"guards.maxDeletePercent is {guards.max_delete_percent:g} and this is {percent:.0f} % of {live}")
    remedy = f"if that is meant, pass --allow-deletes {len(keys)}, or give a commit of the change the line `{TRAILER}: {len(keys)}`"
    is_over = limits and len(keys) not in permitted
    return f"the plan deletes or replaces {_named(keys)}; {' and '.join(limits)}; {remedy}" if is_over else ""


def _named(keys: Iterable[Key]) -> str:
    """How many, and the first of them. The plan, which is shown with it, names each; a comment has room for a sentence
    only when it is short, and that the guard refused is what must not be left out."""
    names = [str(key) for key in keys]
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"{len(names)} ({shown})" if names else "nothing"


def pruning(orphans: Iterable[Target]) -> list[Spec]:
    """Specs that ask for the deletion of functions which bear our mark and have no spec."""
    return [Spec(target, "", (), frozenset(), is_absent=True) for target in orphans]
