"""Layers as files: what a function's spec refers to, and whether there is a spec of it. Pure but for who finds the specs of the tree."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from reconciler.core.errors import Fault
from reconciler.core.finding import Rule
from reconciler.core.model import LayerReference, Properties, Spec, Target
from reconciler.files.strict_yaml import Document
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.spec.meant import REFERENCE

HAS_A_SPEC = Rule("R093", "A layer that a spec refers to by name has a spec of its own for that account and region.")
IS_TAKEN_ONCE = Rule("R095", "A function refers to a layer once.")


def root_of(value: Any) -> str:
    """What a document is of, by its key; a function where no key says so."""
    is_of_layer = isinstance(value, dict) and LAYER.name in value and FUNCTION.name not in value
    return LAYER.name if is_of_layer else FUNCTION.name


def with_references(properties: Properties, target: Target) -> Properties:
    """What a spec says of a function, its layers by name as references; everything else as it is."""
    layers = properties.get("configuration", {}).get("Layers")
    if not isinstance(layers, list) or not any(isinstance(item, str) and REFERENCE.search(item) for item in layers):
        return properties
    read = [_reference(item, target) for item in layers]
    return {**properties, "configuration": {**properties["configuration"], "Layers": read}}


def _reference(item: Any, target: Target) -> Any:
    from reconciler.spec import references  # Jinja2 is needed only where there is a reference

    layer = references.layer(item) if isinstance(item, str) and REFERENCE.search(item) else None
    if layer is None:
        return item
    return LayerReference(Target(target.account, target.region, layer.name, LAYER.name), layer.number)


def misread(
    specs: Iterable[Spec], documents: Mapping[Target, Document], elsewhere: Callable[[], Collection[Target]]
) -> Iterator[Fault]:
    """References to layers without a spec, and to one twice, at their places in the documents. `elsewhere` finds the layers of the whole
    tree, where some may be described that are not among the specs."""
    known = {spec.target for spec in specs if spec.target.root == LAYER.name and not spec.is_absent}
    of_tree = cache(elsewhere)
    for spec in (spec for spec in specs if not spec.is_absent):
        seen = set[Target]()
        for layer, pointer in _referred(spec):
            origin = documents[spec.target].at(pointer)
            name, place = layer.target.name, layer.target.place
            if layer.target in seen:
                yield Fault(origin, IS_TAKEN_ONCE.ends(f"layer {name} is referred to already; take one of the two out"))
            seen.add(layer.target)
            if layer.target not in known and layer.target not in of_tree():
                message = f"layer {name} has no spec for {place}; write one that begins with `layer: {name}`, or the ARN of a version"
                yield Fault(origin, HAS_A_SPEC.ends(message))


def _referred(spec: Spec) -> Iterator[tuple[LayerReference, str]]:
    for item in spec.desired:
        layers = item.properties.get("configuration", {}).get("Layers") if item.key.kind == FUNCTION.name else ()
        for index, layer in enumerate(layers or ()):
            if isinstance(layer, LayerReference):
                yield layer, f"/configuration/Layers/{index}"
