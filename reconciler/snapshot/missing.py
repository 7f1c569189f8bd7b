"""Which functions are not there, as far as reading has found out by now: what hangs on them will not be asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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


def foreseen(specs: Iterable[Spec], there: Iterable[Target]) -> Missing:
    """What reading will find out of a place where only these functions are there, and nobody else has many."""
    known, functions = {*there}, [spec for spec in specs if spec.target.root == FUNCTION.name]
    missing = [spec.target for spec in functions if spec.target not in known]
    tried = functions[:: step(len(functions))]
    is_new = len(tried) < len(functions) and not any(spec.target in known for spec in tried)
    unlisted = (
        {spec.target for spec in functions if spec not in tried and not spec.is_absent} if is_new else set[Target]()
    )
    return Missing({*missing}, unlisted - known)
