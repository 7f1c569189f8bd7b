"""How many calls reading will take, before the first is made, by what specs say alone. Pure.

It takes for granted that each function has one version and as many aliases as its spec names, one old version where `versions.retain` keeps
so many, and that an account has nothing else: what others have in it makes listings longer; and that the functions are there, but for those
of which is known that they are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from math import ceil

from reconciler.aws.pace import drawn_on
from reconciler.core import service
from reconciler.core.model import Spec, Target
from reconciler.core.place import Place
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import hanging_on, needed, parts, with_layers
from reconciler.kinds.registry import KINDS, may_be_of
from reconciler.kinds.version import VERSION
from reconciler.snapshot.asked import specs_of
from reconciler.snapshot.missing import Missing

PAGE = 50  # items
AN_OLD_ONE = frozenset({"1"})
LONGER: Mapping[str, int] = {"ListEventSourceMappings": 100}


def expected_calls(
    specs: Iterable[Spec],
    *,
    marked: Iterable[Place] = (),
    naming: Collection[Place] = (),
    missing: Missing = Missing(),  # noqa: B008  nobody adds to it
) -> dict[Place, dict[str, int]]:
    """By place, and by what they draw on. `marked` are places in which functions with our mark are looked for, `naming` those of which
    all names are listed."""
    looked_for = {*marked}
    by_place = specs_of(with_layers(specs), (*looked_for, *naming))
    return {
        place: _calls(own, missing, is_marking=place in looked_for, is_naming=place in naming)
        for place, own in by_place.items()
    }


def _calls(specs: list[Spec], missing: Missing, *, is_marking: bool, is_naming: bool) -> dict[str, int]:
    calls = Counter[str]()
    functions = [spec for spec in specs if spec.target.root == FUNCTION.name]
    unlisted = sum(spec.target in missing.unlisted for spec in functions)
    calls[drawn_on("lambda", "GetFunction")] = len(functions) - unlisted
    calls["resourcegroupstaggingapi"] = int(is_marking)
    names = {
        spec.target: needed(spec) | (hanging_on(AN_OLD_ONE) if _grows_old(spec) else frozenset()) for spec in specs
    }
    there = [spec for spec in specs if spec.target not in missing.functions]
    calls[drawn_on("lambda", "ListDurableExecutionsByFunction")] += sum(
        _grows_old(spec) and _is_durable(spec) for spec in there
    )
    for kind in (kind for kind in KINDS.values() if kind is not FUNCTION):
        asked = {
            spec.target: named
            for spec in (specs if kind.is_root or kind.outlives_function else there)
            if (named := parts(kind, names[spec.target])) and may_be_of(kind, spec.target)
        }
        for operation, count in _of_kind(kind, asked, specs, missing.functions) if asked else ():
            calls[drawn_on(service.api_of(operation), operation)] += count
    is_listed = any(parts(VERSION, names[spec.target]) for spec in there)
    if unlisted or (is_naming and not is_listed):
        calls[drawn_on("lambda", "ListFunctions")] += pages("ListFunctions", len(functions) - unlisted)
    sent = (spec.code for spec in specs if spec.target in missing.functions and not spec.is_absent)
    calls[drawn_on("lambda", "GetAccountSettings")] += any(code and "ImageUri" not in code for code in sent)
    return {name: count for name, count in calls.items() if count}


def _grows_old(spec: Spec) -> bool:
    """Whether each release makes a version too old to be kept, so that it is looked at who uses it."""
    return spec.publish and not spec.is_absent and spec.retain is not None and bool(spec.retain.newest)


def _is_durable(spec: Spec) -> bool:
    return any("DurableConfig" in item.properties.get("configuration", {}) for item in spec.desired)


def _of_kind(
    kind: Kind, asked: Mapping[Target, frozenset[str]], specs: list[Spec], missing: Collection[Target]
) -> Iterator[tuple[str, int]]:
    reading, count = kind.reading, len(asked)
    declared = [item for spec in specs if spec.target in asked for item in spec.desired]
    own = [item for item in declared if item.key.kind == kind.name]
    is_for_many = count > 1 or not (reading.listing and not reading.told_by_qualifier)
    if reading.together:
        yield reading.together.operation, ceil(count / reading.together.most)
    elif reading.everywhere and is_for_many:
        items = 2 * count if kind is VERSION else len(own)
        yield reading.everywhere.operation, pages(reading.everywhere.operation, items)
    elif reading.listing:
        yield reading.listing.operation, count
    elif reading.holders:
        values = {item.properties.get(reading.holders.member) for item in own}
        yield reading.holders.operation, min(count, len(values) or 1)
    elif reading.single("f", "") != FUNCTION.reading.single("f", ""):
        aliases = [item for item in declared if item.key.kind == ALIAS.name]
        whole = len(aliases) if kind.is_owned_in_parts and any("" in named for named in asked.values()) else 0
        yield reading.single("f", "")[0], whole + sum(map(len, asked.values()))
    if reading.rest:
        yield "GetLayerVersionByArn", sum(target not in missing for target in asked)
    for beside in reading.beside if own else reading.beside[:1]:
        yield beside.listing.operation, 1
    if reading.users:
        yield reading.users.listing.operation, pages(reading.users.listing.operation, 2 * count)


def pages(operation: str, items: int) -> int:
    return ceil(items / LONGER.get(operation, PAGE)) or 1
