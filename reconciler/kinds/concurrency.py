"""Reserved concurrency: how many executions of a region are kept for a function, and how many it may have at the most. 0 is a
reservation, too, with which nothing of the function runs (FACTS 2.10)."""

from __future__ import annotations

from reconciler.core.model import Key, Live, Properties, Target
from reconciler.kinds.base import (
    IS_REQUIRED,
    IS_THE_FUNCTION,
    Kind,
    Section,
    Step,
    as_written,
    comparable_by,
    told,
    written_over,
)
from reconciler.kinds.reading import Reading

_PUT, _DELETE = "PutFunctionConcurrency", "DeleteFunctionConcurrency"
_MEMBER = "ReservedConcurrentExecutions"

CONCURRENCY = Section(
    name="concurrency",
    operation=_PUT,
    refused={"FunctionName": IS_THE_FUNCTION},
    calls=(_PUT,),
    no_default={_MEMBER: IS_REQUIRED},
    about="Executions that are kept for the function, and the most that it has; 0 stops it, `{}` reserves none.",
    required=(_MEMBER,),
)


def single(function: str, _: str) -> tuple[str, Properties]:
    return "GetFunction", {"FunctionName": function}


def live(target: Target, answer: Properties) -> Live | None:
    """Out of GetFunction's answer, which has none where nothing is reserved."""
    held = CONCURRENCY.cut(answer.get("Concurrency") or {})
    return Live(Key(target, "concurrency"), held, held) if _MEMBER in held else None


def create(function: str, _: str, properties: Properties) -> list[Step]:
    return [Step(_PUT, {"FunctionName": function, **properties})]


def update(function: str, _: str, properties: Properties, _differing: frozenset[str], handle: Properties) -> list[Step]:
    """A lower number goes last: what is provisioned of it has to be less before."""
    is_lower = properties[_MEMBER] < handle[_MEMBER]
    return [Step(_PUT, {"FunctionName": function, **properties}, placed_as=_DELETE if is_lower else "")]


def delete(function: str, _name: str, _handle: Properties) -> list[Step]:
    """Where a higher number goes: without a reservation there is more for what is provisioned."""
    return [Step(_DELETE, {"FunctionName": function}, placed_as=_PUT)]


def reserves(properties: Properties) -> int:
    return int(properties.get(_MEMBER, 0))


def remark(live: Live) -> str:
    return f"of {live.properties[_MEMBER]}"


def warning(before: Properties | None, after: Properties) -> str:
    if reserves(after) or before == after:
        return ""
    return "of 0 stops the function: no invocation of it runs, its aliases and versions included, until the number is raised"


CALLS = (told(_PUT, "Put", "Function Concurrency", is_upsert=True), told(_DELETE, "Delete", "Function Concurrency"))

RESERVED_CONCURRENCY = Kind(
    name="concurrency",
    section="concurrency",
    sections=(CONCURRENCY,),
    noun="reserved concurrency",
    reading=Reading(single, live),
    calls=CALLS,
    normal=as_written,
    create=create,
    update=update,
    delete=delete,
    compared=comparable_by(_PUT),
    state=as_written,
    after=written_over(CONCURRENCY, as_written, _DELETE),
    reserves=reserves,
    remark=remark,
    warning=warning,
)
