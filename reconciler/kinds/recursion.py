"""What Lambda does when a function invokes itself in a loop through other services: it stops that, unless it was told to allow it. Every
function has this setting, and no call takes it away (FACTS 10.5)."""

from __future__ import annotations

from typing import Any

from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.values import Unreadable
from reconciler.kinds.base import IS_THE_FUNCTION, Kind, Section, Step, comparable_by, told, written_over
from reconciler.kinds.reading import Reading

_PUT = "PutFunctionRecursionConfig"

RECURSION = Section(
    name="recursion",
    operation=_PUT,
    refused={"FunctionName": IS_THE_FUNCTION},
    calls=(_PUT,),
    about="What happens when the function invokes itself in a loop; `{}` is AWS's default, Terminate.",
    required=("RecursiveLoop",),
)


def single(function: str, _: str) -> tuple[str, Properties]:
    return "GetFunctionRecursionConfig", {"FunctionName": function}


def live(target: Target, answer: Properties) -> Live:
    unknown = {"RecursiveLoop": Unreadable("AWS answered without it")}
    return Live(Key(target, "recursion"), unknown | RECURSION.cut(answer))


def normal(properties: Properties, _: str) -> dict[str, Any]:
    return {**properties, "RecursiveLoop": properties.get("RecursiveLoop", "Terminate")}


def create(function: str, _: str, properties: Properties) -> list[Step]:
    """A new function has the default."""
    full = normal(properties, function)
    return [] if full == normal({}, function) else [Step(_PUT, {"FunctionName": function, **full})]


def update(
    function: str, _: str, properties: Properties, _differing: frozenset[str], _handle: Properties
) -> list[Step]:
    return [Step(_PUT, {"FunctionName": function, **properties})]


def delete(_function: str, _name: str, _handle: Properties) -> list[Step]:
    return []


def warning(before: Properties | None, after: Properties) -> str:
    is_new = after["RecursiveLoop"] == "Allow" and (before is None or before["RecursiveLoop"] != "Allow")
    return "lets the function invoke itself in a loop, and Lambda stops that no more" if is_new else ""


CALLS = (told(_PUT, "Put", "Function Recursion Config", ("function-seen",), is_upsert=True),)

RECURSIVE_LOOP = Kind(
    name="recursion",
    section="recursion",
    sections=(RECURSION,),
    reading=Reading(single, live),
    calls=CALLS,
    normal=normal,
    create=create,
    update=update,
    delete=delete,
    compared=comparable_by(_PUT),
    state=normal,
    after=written_over(RECURSION, normal, ""),
    is_answered_whole=True,
    is_always_there=True,
    warning=warning,
)
