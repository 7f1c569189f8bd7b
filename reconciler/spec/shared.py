"""What several functions have together, and their specs describe: once said is enough, and twice must be alike. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.core.diff import differences, pointer
from reconciler.core.errors import Fault
from reconciler.core.finding import Rule
from reconciler.core.model import Desired, Spec
from reconciler.kinds.registry import KINDS

IS_SAID_ALIKE = Rule("R092", "A log group that several specs describe is described alike in all of them.")


def unlike(specs: Iterable[Spec]) -> Iterator[Fault]:
    """A resource that two specs say different things of; each later place names the first."""
    first: dict[tuple[str, str, str], Desired] = {}
    for spec in (spec for spec in specs if not spec.is_absent):
        for item in spec.desired:
            kind, function = KINDS[item.key.kind], spec.target.function
            if not kind.is_shared:
                continue
            earlier = first.setdefault((spec.target.place, kind.name, item.key.name), item)
            before = kind.normal(earlier.properties, earlier.key.target.function)
            unequal = differences(before, kind.normal(item.properties, function))
            if unequal:
                members = ", ".join(pointer(one.steps).strip("/").replace("/", ".") for one in unequal)
                message = (
                    f"{kind.word} {item.key.name} has another {members} at {earlier.origins['']}; say the same in both, "
                    "or leave the section out of one of them"
                )
                yield Fault(item.origins[""], IS_SAID_ALIKE.ends(message))
