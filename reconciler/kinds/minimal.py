"""What a spec must say of something that lives: all that is not as AWS has it by itself, in the words of the spec. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.core.diff import value_at, with_value
from reconciler.core.model import Live, Properties
from reconciler.core.values import UNSET
from reconciler.kinds.base import Kind

Steps = tuple[str, ...]


def written(kind: Kind, properties: Properties) -> dict[str, Any]:
    """What the kind's sections take of properties that live, in the words of a spec."""
    said = kind.written(properties)
    section = kind.sections[0]
    taken = {*section.members, *section.own}
    is_cut = taken and not kind.is_root  # whose properties are sections, each cut already
    return {name: value for name, value in said.items() if name in taken} if is_cut else said


def minimal(kind: Kind, entry: Properties, function: str) -> dict[str, Any]:
    """The entry without what it need not say. What AWS does not show must be taken out before, for that equals nothing."""
    least = dict(entry)
    whole = kind.normal(kind.meant(least), function)
    for steps in [steps for steps in _paths(entry) if steps[0] not in kind.sections[0].required]:
        if value_at(least, steps) is UNSET:
            continue
        less = with_value(least, steps, UNSET)
        if kind.normal(kind.meant(less), function) == whole:
            least = less
    return least


def _paths(tree: Any, steps: Steps = ()) -> Iterator[Steps]:
    """The steps to every value, outer ones first."""
    if isinstance(tree, Mapping):
        for name, item in tree.items():
            yield (*steps, name)
            yield from _paths(item, (*steps, name))


def unsayable(kind: Kind, live: Live, entry: Properties) -> str:
    """Why no entry of the kind's section can stand for what lives; empty where one can."""
    section = kind.sections[0]
    *_, name = live.key.name.split("/")
    if any(member not in entry for member in section.required):
        return "no spec can say all of it"
    pattern = (section.inner_keys if kind.levels > 1 else section.keys).get("pattern", "")
    if not kind.named_by and not re.fullmatch(pattern or ".*", name):
        return "its name is none that a spec takes"
    return kind.undeletable(live)


def label(live: Live, taken: Collection[str]) -> str:
    """A name of ours for what AWS gives a number: that of its source, and none of those that are taken."""
    topics = [*live.properties.get("Topics", ()), "mapping"]
    source = source_name(str(live.properties.get("EventSourceArn") or topics[0]))
    name = re.sub(r"[^a-zA-Z0-9_.-]", "-", source)[:120] or "mapping"
    numbered = (name if number == 1 else f"{name}-{number}" for number in range(1, len(taken) + 2))
    return next(label for label in numbered if label not in taken)


def source_name(arn: str) -> str:
    """What people call a source: the queue, the stream, the table whose stream it is."""
    words = re.split("[:/]", arn.split(":", 5)[-1])
    return words[min(1, len(words) - 1)]
