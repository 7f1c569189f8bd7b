"""What a function has one of at the most, told by who has each value: a call a value, rather than one a function. Never writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.aws.client import Aws
from reconciler.core.errors import AwsError, CallFailed, Interrupted
from reconciler.core.model import Spec, Target
from reconciler.core.place import Place
from reconciler.kinds.base import Kind
from reconciler.kinds.reading import Answered, Holders


def by_value(
    aws: Aws, place: Place, kind: Kind, specs: Iterable[Spec], targets: Iterable[Target]
) -> tuple[list[Answered], list[Target]]:
    """Answers about the targets, and those that must be asked for one by one: all of them, where that takes no more calls or nobody
    may ask by value. Who is among no value's holders has none, once all values are known."""
    holders, asked = kind.reading.holders, sorted(targets)
    wanted = _wanted(kind, holders, specs) if holders else {}
    named = {wanted.get(target, "") for target in asked}
    if not holders or len(named) >= len(asked):  # not to be named takes a call as well
        return [], asked
    try:
        values = named - {""} | set(_values(aws, place, holders) if "" in named else ())
        if len(values) >= len(asked):
            return [], asked
        held = {function: value for value in sorted(values) for function in _functions(aws, place, holders, value)}
    except Interrupted:
        raise
    except AwsError:
        return [], asked
    answers: list[Answered] = [
        (target, {holders.member: held[target.function]}) for target in asked if target.function in held
    ]
    unknown = [target for target in asked if target.function not in held]
    return answers, [] if "" in named else unknown


def _wanted(kind: Kind, holders: Holders, specs: Iterable[Spec]) -> dict[Target, str]:
    """The value that each spec names."""
    return {
        spec.target: str(item.properties.get(holders.member, ""))
        for spec in specs
        for item in spec.desired
        if item.key.kind == kind.name
    }


def _values(aws: Aws, place: Place, holders: Holders) -> Iterator[str]:
    for page in aws.pages(place, holders.values.operation, holders.values.params):
        yield from (item[holders.member] for item in page[holders.values.member])


def _functions(aws: Aws, place: Place, holders: Holders, value: str) -> Iterator[str]:
    """The names of those that have a value; of one that there is not, nobody has it."""
    try:
        for page in aws.pages(place, holders.operation, {holders.member: value}):
            yield from (arn.split(":")[6] for arn in page[holders.functions])
    except CallFailed as failure:
        if failure.code != "ResourceNotFoundException":
            raise
