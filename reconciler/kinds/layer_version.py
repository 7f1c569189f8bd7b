"""The versions of a layer, as far as they are to go: by `keep`, or with the layer. What one holds is told by the layer's own kind,
while it is the newest. A function keeps a version that is deleted, and is never updated to it again (FACTS 10.1)."""

from __future__ import annotations

from typing import Any

from reconciler.core.model import Key, Live, Properties, Target
from reconciler.kinds.base import Kind, Section, Step, told
from reconciler.kinds.qualifier import qualifier_of
from reconciler.kinds.reading import Listing, Reading, Users, function_of

DELETE = "DeleteLayerVersion"


VERSIONS = Section(
    name="keep",
    operation=DELETE,
    refused={"LayerName": "the spec's `layer`", "VersionNumber": "all but the newest ones, by the spec's `keep`"},
    calls=(DELETE,),
)


def which(layer: str, name: str) -> dict[str, Any]:
    return {"LayerName": layer, "VersionNumber": int(name) if name.isdigit() else 0}


def single(layer: str, name: str) -> tuple[str, Properties]:
    return "GetLayerVersion", which(layer, name)


def live(target: Target, answer: Properties) -> Live:
    handle = {name: answer[name] for name in ("LayerVersionArn", "CreatedDate", "Users") if name in answer}
    return Live(Key(target, "layer_version", str(answer["Version"])), {}, handle)


def uses(function: Properties) -> tuple[str, ...]:
    return tuple(layer["Arn"] for layer in function.get("Layers", ()))


def user(function: Properties) -> str:
    """The function by its name, a version of it with its number."""
    qualifier = qualifier_of(function)
    return function_of(function) + (f":{qualifier}" if qualifier.isdigit() else "")


def normal(_properties: Properties, _layer: str) -> dict[str, Any]:
    return {}


def nothing_made(_layer: str, _name: str, _properties: Properties) -> list[Step]:
    return []


def never_updated(
    _layer: str, _name: str, _properties: Properties, _differing: frozenset[str], _handle: Properties
) -> list[Step]:
    return []


def delete(layer: str, name: str, _: Properties) -> list[Step]:
    return [Step(DELETE, which(layer, name))]


def compared(_live: Properties, _desired: Properties) -> dict[str, Any]:
    return {}


def after(operation: str, _: Properties, state: Properties | None) -> dict[str, Any] | None:
    return None if operation == DELETE or state is None else {}


LAYER_VERSION = Kind(
    name="layer_version",
    of="layer",
    section="keep",
    sections=(VERSIONS,),
    noun="layer version",
    reading=Reading(
        single,
        live,
        Listing("ListLayerVersions", "LayerVersions", of="LayerName"),
        users=Users(Listing("ListFunctions", "Functions", {"FunctionVersion": "ALL"}), uses, user, "LayerVersionArn"),
    ),
    calls=(told(DELETE, "Delete", "Layer Version"),),
    normal=normal,
    create=nothing_made,
    update=never_updated,
    delete=delete,
    compared=compared,
    state=normal,
    after=after,
    outlives_function=True,
)
