"""Two property trees to the paths in which they differ. Pure; DeepDiff does the comparing.

A path ends at the first list: a list is one value, for AWS replaces it whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from reconciler.core.model import Properties
from reconciler.core.values import MAPS, PLAIN, UNSET, Unreadable

WEIGHT_TOLERANCE = 1e-9  # alias weights are doubles: 0.1 and 0.10000000000000001 are one weight


class Difference(NamedTuple):
    """`steps` are the map keys from the root; `UNSET` stands for a side that has nothing there."""

    steps: tuple[str, ...]
    before: Any
    after: Any


def differences(before: Properties, after: Properties) -> tuple[Difference, ...]:
    """Leaves that differ, sorted by path. What cannot be read differs from everything."""
    hidden = {steps for side in (before, after) for steps, _ in unreadable(side)}
    if before == after and not hidden:
        return ()
    roots = {_above_lists(path) for path in _unequal(before, after, ())}
    leaves = {difference.steps: difference for difference in _leaves(roots | hidden, before, after)}
    return tuple(leaves[steps] for steps in sorted(leaves))


def _unequal(left: Any, right: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Where two values differ; what both sides have is walked first, for most of it is alike."""
    if type(left) is dict and type(right) is dict:
        for key in {**left, **right}:
            if key in left and key in right:
                yield from _unequal(left[key], right[key], (*path, key))
            else:
                yield (*path, key)
    elif not _is_alike(left, right):
        yield from (
            (*path, *inside) for inside in ([()] if type(left) is type(right) is str else _compared(left, right))
        )


def _is_alike(left: Any, right: Any) -> bool:
    """Whether two values are equal and of one type, all the way down: to Python true is 1, and a fingerprint a text."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(_is_alike(item, right[key]) for key, item in left.items())
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(_is_alike, left, right))
    return bool(left == right)


def _compared(left: Any, right: Any) -> Iterator[Sequence[Any]]:
    """Where two values differ that are no maps both, and no texts."""
    from deepdiff import DeepDiff  # imported here: a plan without changes starts without it

    # Said out loud, for its defaults leave things out: keys that begin with __, and all of a map with few keys in common.
    tree = DeepDiff(
        left, right, view="tree", ignore_private_variables=False, threshold_to_diff_deeper=0,
        ignore_type_in_groups=[(int, float)], custom_operators=[_Weights()],
    )  # fmt: skip
    return (level.path(output_format="list") for levels in tree.values() for level in levels)


class _Weights:
    """Tells DeepDiff that two doubles are one. Its own math_epsilon is relative as well, and so takes two times that are
    a second apart for one."""

    def match(self, level: Any) -> bool:
        sides = (level.t1, level.t2)
        return all(isinstance(side, int | float) for side in sides) and any(isinstance(side, float) for side in sides)

    def give_up_diffing(self, level: Any, diff_instance: Any) -> bool:
        return bool(abs(level.t1 - level.t2) <= WEIGHT_TOLERANCE)


def _above_lists(path: Sequence[Any]) -> tuple[str, ...]:
    steps = []
    for step in path:
        if not isinstance(step, str):
            break
        steps.append(step)
    return tuple(steps)


def _leaves(roots: set[tuple[str, ...]], before: Properties, after: Properties) -> Iterator[Difference]:
    for steps in roots:
        left, right = value_at(before, steps), value_at(after, steps)
        either = {*paths(left), *paths(right)}
        for below in [()] if () in either else sorted(either):
            yield Difference((*steps, *below), value_at(left, below), value_at(right, below))


def paths(value: Any) -> Iterator[tuple[str, ...]]:
    """Paths of the leaves below `value`; the empty path when it is a leaf, none when it is UNSET."""
    if isinstance(value, MAPS) and value:
        for key, item in value.items():
            if type(item) in PLAIN:
                yield (key,)
            else:
                yield from ((key, *below) for below in paths(item))
    elif value is not UNSET and value != {}:
        yield ()


def only_in(tree: Any, other: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Leaves that say something in one tree where the other has nothing; an empty one says nothing, and false and zero do."""
    for steps in sorted(_missing(tree, other)):
        value = value_at(tree, steps)
        if value not in (None, "", [], ()):
            yield steps, value


def _missing(tree: Any, other: Any) -> Iterator[tuple[str, ...]]:
    """Paths of the leaves of a map where another tree has nothing."""
    for key, item in tree.items():
        inside = other.get(key, UNSET) if isinstance(other, MAPS) else UNSET
        if inside is UNSET:
            yield from ((key, *below) for below in paths(item))
        elif type(item) not in PLAIN and isinstance(item, MAPS):
            yield from ((key, *below) for below in _missing(item, inside))


def value_at(tree: Any, steps: tuple[str, ...]) -> Any:
    """What lies at `steps`, or `UNSET`."""
    for step in steps:
        if not isinstance(tree, MAPS) or step not in tree:
            return UNSET
        tree = tree[step]
    return tree


def unreadable(tree: Any) -> Iterator[tuple[tuple[str, ...], Unreadable]]:
    """Where a tree holds what AWS does not show; lists are looked into, but a path ends at the first one."""
    if not _hides(tree):
        return
    if isinstance(tree, Unreadable):
        yield (), tree
    elif isinstance(tree, list | tuple):
        yield from (((), hidden) for item in tree for _, hidden in unreadable(item))
    else:
        for key, item in tree.items():
            yield from (((key, *below), hidden) for below, hidden in unreadable(item))


def _hides(tree: Any) -> bool:
    """Whether anything in a tree is not shown; mostly nothing is."""
    inside = [tree]
    for item in inside:  # which grows meanwhile: a call for each would take longer than all there is to do
        if type(item) in PLAIN:
            continue
        if isinstance(item, Unreadable):
            return True
        if isinstance(item, list | tuple):
            inside += item
        elif isinstance(item, MAPS):
            inside += item.values()
    return False


def with_value(tree: Any, steps: tuple[str, ...], value: Any) -> Any:
    """A copy of `tree` with `value` at `steps`; `UNSET` removes what is there."""
    if not steps:
        return value
    first, *rest = steps
    base = dict(tree) if isinstance(tree, Mapping) else {}
    if not rest and value is UNSET:
        base.pop(first, None)
        return base
    base[first] = with_value(base.get(first, {}), tuple(rest), value)
    return base


def matching(tree: Any, pattern: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Paths in `tree` that a pattern names, `*` standing for any one key, or for any part of it."""
    if not pattern:
        yield ()
        return
    if not isinstance(tree, Mapping):
        return
    first, *rest = pattern
    for key in (
        sorted(key for key in tree if is_named(first, key)) if "*" in first else [first] if first in tree else []
    ):
        yield from ((key, *below) for below in matching(tree[key], tuple(rest)))


def is_named(step: str, key: str) -> bool:
    """Whether a step of a pattern names a key; its `*`s stand for any text. Takes each piece where it first fits, so that
    no pattern takes long."""
    first, *rest = step.split("*")
    if not rest:
        return step == key
    *between, last = rest
    end = len(key) - len(last)
    at = len(first)
    for piece in between:
        index = key.find(piece, at, max(end, 0))
        if index < 0:
            return False
        at = index + len(piece)
    return key.startswith(first) and key.endswith(last) and at <= end


def pointer(steps: tuple[str, ...]) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + escaped(step) for step in steps)


def escaped(step: str) -> str:
    """One step of a JSON Pointer."""
    return step.replace("~", "~0").replace("/", "~1") if "~" in step or "/" in step else step


def steps_of(json_pointer: str) -> tuple[str, ...]:
    """The steps of a JSON Pointer; the inverse of `pointer`."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in json_pointer.split("/")[1:])
