"""Which operations of a target may be under way at the same time. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.plans import Operation
from reconciler.kinds.registry import CALLS


def abreast(operations: Iterable[Operation]) -> list[list[tuple[int, Operation]]]:
    """All of them in their order, numbered; those that stand together need not wait for one another: AWS carries them out apart, and each is
    about another resource."""
    groups, word = list[list[tuple[int, Operation]]](), ""
    for number, operation in enumerate(operations):
        before, word = word, CALLS[operation.name].abreast(operation.params)
        if word and word == before and all(operation.key != other.key for _, other in groups[-1]):
            groups[-1].append((number, operation))
        else:
            groups.append([(number, operation)])
    return groups
