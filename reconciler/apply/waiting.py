"""Why a target is not carried out once another was not, for which it waits. Pure."""

from __future__ import annotations

from reconciler.core.finding import Rule
from reconciler.core.model import Target
from reconciler.kinds.function import FUNCTION
from reconciler.plan import renames

IS_DONE_FIRST = Rule("R281", "A function is changed once the layers that it refers to are.")
IS_LEFT_FIRST = Rule("R285", "A version of a layer is deleted once the functions that leave it have done so.")


def waiting(target: Target, other: Target) -> str:
    if target.root != FUNCTION.name:
        message = (
            f"no version of {target} is deleted: {other}, which may still have it or stand in for it, was not done"
        )
        return IS_LEFT_FIRST.ends(message)
    if other.root != FUNCTION.name:
        return IS_DONE_FIRST.ends(f"{target} is not changed: {other}, which it refers to, was not done")
    return renames.WAITS_FOR_ITS_SUCCESSOR.ends(renames.waiting(target, other, "was not done"))
