"""Which functions are not there, as far as reading has found out by now: what hangs on them will not be asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from reconciler.core.grouping import grouped
from reconciler.core.model import Spec, Target
from reconciler.kinds.function import FUNCTION

MANY = 16  # functions, of which some are tried before the rest is looked at
TRIED = 4


@dataclass(frozen=True, slots=True)
class Missing:
    """`unlisted` are those of them that were not asked for, since a listing of all shows that they are not there. Threads that read add
    to it."""

    functions: set[Target] = field(default_factory=set)
    unlisted: set[Target] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.functions)


def step(functions: int) -> int:
    """Every so many functions are tried first."""
    return functions // TRIED if functions >= MANY else 1


def foreseen(specs: Iterable[Spec], missing: Collection[Target]) -> Missing:
    """What reading will find out where these functions are not there, and nobody else has many."""
    ordered = sorted((spec for spec in specs if spec.target.root == FUNCTION.name), key=lambda spec: spec.target)
    found = Missing({*missing})
    for functions in grouped(ordered, lambda spec: spec.target.place).values():
        every = step(len(functions))
        if every > 1 and all(spec.target in found.functions for spec in functions[::every]):
            rest = (spec for number, spec in enumerate(functions) if number % every and not spec.is_absent)
            found.unlisted.update(spec.target for spec in rest if spec.target in found.functions)
    return found
