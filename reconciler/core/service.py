"""botocore's service models, offline: what members a call has, what is sensitive, what may be sent. Lambda's first of all, and those
of the APIs beside it by which a function's surroundings are changed, or their changes are told.

The only module that reads botocore's model and validators. Makes no call and needs no credentials. botocore is loaded when
the model is first asked for, so that what checks specs can name the kinds without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeGuard

from reconciler.core.values import PLAIN

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape


APIS = (
    "lambda", "logs", "application-autoscaling", "cloudtrail", "cloudwatch",
)  # fmt: skip  # where two have an operation of one name, the first is meant
READING = ("Describe", "Filter", "Get", "List", "Lookup")  # how the names of operations begin that change nothing


@cache
def model(api: str = "lambda") -> ServiceModel:
    """botocore's own data, and not what a machine keeps in ~/.aws/models: what is derived is the same everywhere."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model(api, "service-2"), api)


@cache
def api_of(operation: str) -> str:
    """The API that has an operation: Lambda, unless it has none such and another of ours does."""
    return next((api for api in APIS if operation in model(api).operation_names), APIS[0])


def is_change(operation: str, api: str) -> bool:
    """Whether a call may change what a plan speaks of; an invocation may. botocore repeats none of these."""
    return api in APIS and not operation.startswith(READING)


@cache
def is_of_a_place(operation: str) -> bool:
    """Whether a call lists what there is in an account and region: it need not name anything."""
    return operation.startswith(READING) and not request(operation).required_members


def _operation(name: str) -> OperationModel:
    return model(api_of(name)).operation_model(name)


def is_structure(shape: Shape | None) -> TypeGuard[StructureShape]:
    return shape is not None and shape.type_name == "structure"


def is_map(shape: Shape | None) -> TypeGuard[MapShape]:
    return shape is not None and shape.type_name == "map"


def is_list(shape: Shape | None) -> TypeGuard[ListShape]:
    return shape is not None and shape.type_name == "list"


def address(operation: str) -> str:
    """The path of an operation's requests, with its members in braces."""
    return str(_operation(operation).http["requestUri"])


@cache
def request(operation: str, api: str = "") -> StructureShape:
    """The input shape of an operation; of an API that is not named, the one that is meant by its name."""
    shape = model(api or api_of(operation)).operation_model(operation).input_shape
    assert is_structure(shape)
    return shape


def structure(shape: StructureShape, member: str) -> StructureShape:
    """The shape of a member that is a structure itself."""
    inner = shape.members[member]
    assert is_structure(inner)
    return inner


@cache
def response(operation: str) -> StructureShape:
    """The output shape of an operation; an empty structure where the call answers nothing."""
    shape = _operation(operation).output_shape
    if shape is None:
        from botocore.model import StructureShape

        return StructureShape("Empty", {"type": "structure", "members": {}})
    assert is_structure(shape)
    return shape


@cache
def members(operation: str) -> frozenset[str]:
    """Names of the members that an operation takes."""
    return frozenset(request(operation).members)


def project(value: Any, shape: Shape) -> Any:
    """`value`, cut to `shape`: members that the shape does not have are dropped at every depth.

    A list of structures where the shape wants strings (Layers read back as objects) becomes the list of their `Arn`s.
    """
    if type(value) in PLAIN:
        return value
    if is_structure(shape) and isinstance(value, Mapping):
        return {
            name: project(value[name], member)
            for name, member in shape.members.items()
            if name in value and value[name] is not None
        }
    if is_map(shape) and isinstance(value, Mapping):
        return {key: project(item, shape.value) for key, item in value.items()}
    if is_list(shape) and isinstance(value, list | tuple):
        return [project(item, shape.member) for item in value]
    if shape.type_name == "string" and isinstance(value, Mapping) and "Arn" in value:
        return value["Arn"]
    return value


def comparable(live: Any, desired: Any, shape: Shape | None) -> Any:
    """`live` without the structure members that `desired` does not have: their defaults are not known. Maps are kept
    whole, for their keys are the user's; so is what an empty structure stands against, for that one says "none"."""
    if type(desired) in PLAIN:
        return live
    if is_structure(shape) and isinstance(live, Mapping) and isinstance(desired, Mapping) and desired:
        return {
            name: comparable(live[name], wanted, shape.members.get(name))
            for name, wanted in desired.items()
            if name in live
        }
    return live


@cache
def _is_sensitive(shape: Shape) -> bool:
    return bool(shape.metadata.get("sensitive"))


def seal_leaves(value: Any, shape: Shape, seal: Any) -> Any:
    """`value` with every scalar that the model calls sensitive replaced by `seal(scalar)`; keys of maps are kept."""
    if is_structure(shape) and isinstance(value, Mapping):
        return {
            name: seal_leaves(item, shape.members[name], seal) if name in shape.members else item
            for name, item in value.items()
        }
    if is_map(shape) and isinstance(value, Mapping):
        return {key: seal_leaves(item, shape.value, seal) for key, item in value.items()}
    if is_list(shape) and isinstance(value, list | tuple):
        return [seal_leaves(item, shape.member, seal) for item in value]
    return seal(value) if _is_sensitive(shape) else value


def texts(value: Any, shape: Shape | None, *, is_sensitive: bool = False) -> Iterator[tuple[str, bool]]:
    """Every text below `value`, keys of maps aside, with whether the model calls it, or what it stands in, sensitive."""
    is_sensitive = is_sensitive or (shape is not None and _is_sensitive(shape))
    if isinstance(value, str):
        yield value, is_sensitive
    elif is_structure(shape) and isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts(item, shape.members.get(name), is_sensitive=is_sensitive)
    elif is_map(shape) and isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item, shape.value, is_sensitive=is_sensitive)
    elif is_list(shape) and isinstance(value, list | tuple):
        for item in value:
            yield from texts(item, shape.member, is_sensitive=is_sensitive)


def sensitive_texts(value: Any, shape: Shape | None) -> Iterator[str]:
    """Every text below `value` that is sensitive; only what may hold one is looked through."""
    if shape is None or not _may_hold_sensitive(shape):
        return
    if is_structure(shape) and isinstance(value, Mapping) and not _is_sensitive(shape):
        for name, member in shape.members.items():
            if name in value:
                yield from sensitive_texts(value[name], member)
    elif is_list(shape) and isinstance(value, list | tuple) and not _is_sensitive(shape):
        for item in value:
            yield from sensitive_texts(item, shape.member)
    else:
        yield from (text for text, is_hidden in texts(value, shape) if is_hidden)


@cache
def _may_hold_sensitive(shape: Shape, above: tuple[str, ...] = ()) -> bool:
    """Whether the model calls anything in a shape sensitive. Shapes that hold themselves end where they begin again."""
    if _is_sensitive(shape):
        return True
    if shape.name in above:
        return False
    inner = (*above, shape.name)
    if is_structure(shape):
        return any(_may_hold_sensitive(member, inner) for member in shape.members.values())
    if is_map(shape):
        return _may_hold_sensitive(shape.value, inner)
    return is_list(shape) and _may_hold_sensitive(shape.member, inner)


def is_sensitive(path: Iterable[str], shape: Shape) -> bool:
    """Whether the model calls what lies at `path` (member names, map keys, list indexes) below `shape` sensitive."""
    for step in path:
        if _is_sensitive(shape):
            return True
        if is_structure(shape):
            if step not in shape.members:
                return False
            shape = shape.members[step]
        elif is_map(shape):
            shape = shape.value
        elif is_list(shape):
            shape = shape.member
        else:
            return False
    return _is_sensitive(shape)


def invalid_params(operation: str, params: Mapping[str, Any]) -> str:
    """What botocore itself would refuse in `params` before sending them, as text; empty when nothing."""
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(params, request(operation))
    return report.generate_report() if report.has_errors() else ""
