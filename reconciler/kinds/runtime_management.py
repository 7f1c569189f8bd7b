"""When Lambda puts a newer patch of its runtime below a function: by itself, with the function's own updates, or never. Every function has
this setting, and no call takes it away; a version keeps the one that it was published with (FACTS 10.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.finding import Finding, Rule, part
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.values import Unreadable
from reconciler.kinds.base import IS_THE_FUNCTION, Kind, Section, Step, comparable_by, told
from reconciler.kinds.code import is_of_an_image
from reconciler.kinds.reading import Reading

_PUT = "PutRuntimeManagementConfig"
_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html"

RUNTIME_MANAGEMENT = Section(
    name="runtime_management",
    operation=_PUT,
    refused={
        "FunctionName": IS_THE_FUNCTION,
        "Qualifier": "a version keeps the mode that it was published with; here it is that of $LATEST",
    },
    calls=(_PUT,),
    about="When the function gets a newer version of its runtime; `{}` is AWS's default, Auto.",
    required=("UpdateRuntimeOn",),
)
_DEFAULTS: Mapping[str, Any] = {"RuntimeVersionArn": "", "UpdateRuntimeOn": "Auto"}


def single(function: str, _: str) -> tuple[str, Properties]:
    return "GetRuntimeManagementConfig", {"FunctionName": function}


def live(target: Target, answer: Properties) -> Live:
    """A version that nobody pinned moves by itself, and is nobody's to compare."""
    held = {"UpdateRuntimeOn": Unreadable("AWS answered without it")} | RUNTIME_MANAGEMENT.cut(answer)
    if held["UpdateRuntimeOn"] != "Manual":
        held.pop("RuntimeVersionArn", None)
    return Live(Key(target, "runtime_management"), held)


def normal(properties: Properties, _: str) -> dict[str, Any]:
    return {**_DEFAULTS, **properties}


def sent(function: str, properties: Properties) -> list[Step]:
    """All of it, for what is left out is not kept."""
    full = {name: value for name, value in normal(properties, function).items() if value != ""}
    return [Step(_PUT, {"FunctionName": function, **full})]


def create(function: str, _: str, properties: Properties) -> list[Step]:
    """A new function has the default."""
    return [] if normal(properties, function) == _DEFAULTS else sent(function, properties)


def update(
    function: str, _: str, properties: Properties, _differing: frozenset[str], _handle: Properties
) -> list[Step]:
    return sent(function, properties)


def delete(_function: str, _name: str, _handle: Properties) -> list[Step]:
    return []


def after(_operation: str, params: Properties, _: Properties | None) -> dict[str, Any]:
    """What a call sends is all that there is then."""
    return normal({name: value for name, value in params.items() if name in RUNTIME_MANAGEMENT.members}, "")


# --- rules over one document ---------------------------------------------------------------------------------------


@Rule(
    "R083",
    "A runtime's version is named where it is pinned, by Manual, and nowhere else; the two are one value.",
    _PAGE,
)
def names_what_it_pins(spec: Mapping[str, Any]) -> Iterator[Finding]:
    written = part(spec, RUNTIME_MANAGEMENT.name)
    mode, at = written.get("UpdateRuntimeOn"), f"/{RUNTIME_MANAGEMENT.name}"
    if mode == "Manual" and not written.get("RuntimeVersionArn"):
        yield Finding(at, "Manual pins a runtime's version; name it by RuntimeVersionArn", is_key=True)
    if written.get("RuntimeVersionArn") and mode not in (None, "Manual"):
        message = "RuntimeVersionArn is for `UpdateRuntimeOn: Manual`; with another mode the version moves by itself"
        yield Finding(f"{at}/RuntimeVersionArn", message, is_key=True)
    ignored = spec.get("ignore")
    for index, pointer in enumerate(ignored if isinstance(ignored, list) else ()):
        if str(pointer).startswith(f"{at}/"):
            message = f"how a runtime is updated is one value, a mode with the version that it pins; write {at} to leave it to somebody else"
            yield Finding(f"/ignore/{index}", message)


@Rule("W225", "Runtimes are managed of functions that have one.", _PAGE)
def is_for_zips(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if is_of_an_image(spec) and part(spec, RUNTIME_MANAGEMENT.name):
        message = "an image brings its own runtime, so AWS may refuse runtime_management; take it out"
        yield Finding(f"/{RUNTIME_MANAGEMENT.name}", message, is_key=True)


CALLS = (told(_PUT, "Put", "Runtime Management Config", ("function-seen",), is_upsert=True),)

MANAGED_RUNTIME = Kind(
    name="runtime_management",
    section="runtime_management",
    sections=(RUNTIME_MANAGEMENT,),
    noun="runtime management",
    reading=Reading(single, live),
    calls=CALLS,
    rules=(names_what_it_pins,),
    cautions=(is_for_zips,),
    normal=normal,
    create=create,
    update=update,
    delete=delete,
    depth=0,
    compared=comparable_by(_PUT),
    state=normal,
    after=after,
    is_answered_whole=True,
    is_always_there=True,
    is_kept_by_versions=True,
)
