"""Where in a file something of a spec is written: a spec as it is meant is made of parts, and of what others may share. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reconciler.core.diff import pointer, steps_of, value_at
from reconciler.core.model import Origin, Spec, Target
from reconciler.files.strict_yaml import Document
from reconciler.spec.meant import refers


@dataclass(frozen=True, slots=True)
class Position:
    """`steps` lead there in the file, as it is written. `value` is what stands there, `UNSET` where it would be new; `shared` are all
    targets for which this place says it."""

    origin: Origin
    steps: tuple[str, ...]
    value: Any
    shared: tuple[Target, ...]

    @property
    def has_reference(self) -> bool:
        return refers(self.value)


def position(spec: Spec, steps: tuple[str, ...], written: Document, others: Iterable[Spec]) -> Position:
    """Of what a spec says at these steps; `written` is its file, and nothing else. Where the origin is another file's, the steps are
    not to be found in this one."""
    at = steps
    while at and pointer(at) not in spec.origins:
        at = at[:-1]
    origin = spec.origins.get(pointer(at), Origin(spec.path))
    shared = tuple(
        sorted(other.target for other in others if other.origins.get(pointer(at), Origin(other.path)) == origin)
    )
    own = steps_of(next((name for name, where in written.origins.items() if (name or not at) and where == origin), ""))
    while at and own and at[-1] != own[-1]:  # an alias says it, which stands at what holds it
        at = at[:-1]
    inside = (*own, *steps[len(at) :])
    return Position(origin, inside, value_at(written.value, inside), shared)
