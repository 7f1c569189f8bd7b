"""What goes when a function goes: policies, URLs, concurrency and the like, read before it is replaced or deleted, so that
it can be named in the plan and put back by hand. Never writes; what cannot be read is said, not taken for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from reconciler.aws.client import Aws
from reconciler.core.errors import AwsError, CallFailed, Interrupted
from reconciler.core.model import Target
from reconciler.core.place import Place
from reconciler.core.plans import Diagnostic, Plan, TargetPlan
from reconciler.kinds.base import LATEST
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.permission import PERMISSION, several
from reconciler.kinds.policy import WHOLE_POLICY
from reconciler.kinds.qualifier import qualifier_of, which
from reconciler.kinds.registry import KINDS
from reconciler.kinds.tags import own_tags
from reconciler.kinds.version import VERSION

WORKERS = 8


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that goes along: what it is called, which of those, and AWS's answer about it."""

    name: str
    answer: Any


@dataclass(frozen=True, slots=True)
class Part:
    """Things of one sort, or why they could not be read."""

    sort: str
    things: tuple[Thing, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Owner:
    """A function while its belongings are read; `qualifiers` are its versions and aliases, "" is the function itself."""

    aws: Aws
    target: Target
    qualifiers: tuple[str, ...] = ("",)

    @cached_property
    def function(self) -> Mapping[str, Any]:
        return self.find("GetFunction")

    def pages(self, operation: str, member: str) -> Iterator[Mapping[str, Any]]:
        for page in self.aws.pages(Place.of(self.target), operation, {"FunctionName": self.target.function}):
            yield from page[member]

    def find(self, operation: str, qualifier: str = "") -> Mapping[str, Any]:
        return self.aws.find(Place.of(self.target), operation, which(self.target.function, qualifier)) or {}


def _versions(owner: Owner) -> Iterator[Thing]:
    for item in owner.pages("ListVersionsByFunction", "Versions"):
        if item["Version"] != LATEST:
            yield Thing(item["Version"], {name: item[name] for name in ("Version", "CodeSha256") if name in item})


def _aliases(owner: Owner) -> Iterator[Thing]:
    yield from (Thing(item["Name"], item) for item in owner.pages("ListAliases", "Aliases"))


def _tags(owner: Owner) -> Iterator[Thing]:
    yield from (Thing(key, value) for key, value in own_tags(owner.function.get("Tags", {})).items())


def _permissions(owner: Owner) -> Iterator[Thing]:
    for qualifier in owner.qualifiers:
        answer = owner.find("GetPolicy", qualifier)
        for item in several(qualifier or LATEST, answer) if answer else ():
            yield Thing(item["Name"], item["Statement"])


def _urls(owner: Owner) -> Iterator[Thing]:
    for item in owner.pages("ListFunctionUrlConfigs", "FunctionUrlConfigs"):
        yield Thing(item["FunctionUrl"], item)


def _reserved(owner: Owner) -> Iterator[Thing]:
    concurrency = owner.function.get("Concurrency", {})
    if "ReservedConcurrentExecutions" in concurrency:  # 0 stops all invocations, and is not nothing
        yield Thing(str(concurrency["ReservedConcurrentExecutions"]), concurrency)


def _asynchronous(owner: Owner) -> Iterator[Thing]:
    for item in owner.pages("ListFunctionEventInvokeConfigs", "FunctionEventInvokeConfigs"):
        yield Thing(qualifier_of(item) or LATEST, item)


def _provisioned(owner: Owner) -> Iterator[Thing]:
    for item in owner.pages("ListProvisionedConcurrencyConfigs", "ProvisionedConcurrencyConfigs"):
        wanted = item.get("RequestedProvisionedConcurrentExecutions")
        yield Thing(f"{wanted} of {qualifier_of(item) or LATEST}", item)


def _scaled(owner: Owner) -> Iterator[Thing]:
    params = {"ServiceNamespace": "lambda"}
    place = Place.of(owner.target)
    for page in owner.aws.pages(place, "DescribeScalableTargets", params, api="application-autoscaling"):
        for item in page["ScalableTargets"]:
            if item["ResourceId"].split(":")[1:2] == [owner.target.function]:
                yield Thing(item["ResourceId"].partition(":")[2].partition(":")[2], item)


def _single(operation: str, member: str, usual: str) -> Callable[[Owner], Iterator[Thing]]:
    """A setting with a call of its own, where it is not what AWS has for every function."""

    def read(owner: Owner) -> Iterator[Thing]:
        answer = owner.find(operation)
        if answer.get(member, usual) != usual:
            yield Thing(str(answer[member]), answer)

    return read


QUALIFIERS: Mapping[str, Callable[[Owner], Iterator[Thing]]] = {"version": _versions, "alias": _aliases}
OTHERS: Mapping[str, Callable[[Owner], Iterator[Thing]]] = {
    "tag": _tags,
    "permission": _permissions,
    "URL": _urls,
    "reserved concurrency": _reserved,
    "asynchronous configuration": _asynchronous,
    "provisioned concurrency": _provisioned,
    "autoscaling target": _scaled,
    "recursion": _single("GetFunctionRecursionConfig", "RecursiveLoop", "Terminate"),
    "runtime management": _single("GetRuntimeManagementConfig", "UpdateRuntimeOn", "Auto"),
    "code signing": _single("GetFunctionCodeSigningConfig", "CodeSigningConfigArn", ""),
}


def belongings(aws: Aws, target: Target) -> tuple[Part, ...]:
    """Everything that goes with a function but its configuration, code and mappings, by sort."""
    plain = Owner(aws, target)
    named = [_part(plain, sort, read) for sort, read in QUALIFIERS.items()]
    whole = Owner(aws, target, ("", *(thing.name for part in named for thing in part.things)))
    return (*named, *(_part(whole, sort, read) for sort, read in OTHERS.items()))


def _part(owner: Owner, sort: str, read: Callable[[Owner], Iterator[Thing]]) -> Part:
    try:
        return Part(sort, tuple(read(owner)))
    except Interrupted:
        raise
    except AwsError as failure:
        return Part(sort, problem=(failure.code if isinstance(failure, CallFailed) else "") or str(failure))


def document(parts: Iterable[Part]) -> dict[str, Any]:
    """The belongings as a record keeps them: AWS's answers by sort, or why there are none."""
    return {
        part.sort: {"unreadable": part.problem} if part.problem else [thing.answer for thing in part.things]
        for part in parts
        if part.problem or part.things
    }


def unreadable(parts: Iterable[Part]) -> frozenset[str]:
    """The sorts that could not be read, other than those that a function is called by."""
    return frozenset(part.sort for part in parts if part.problem) - set(QUALIFIERS)


def lost(aws: Aws, plan: Plan) -> tuple[Diagnostic, ...]:
    """For each function that the plan replaces or deletes, what goes with it and its spec does not make again."""
    losing = [target_plan for target_plan in plan.targets if _how(target_plan)]
    with ThreadPoolExecutor(WORKERS) as pool:
        notes = pool.map(lambda target_plan: _note(target_plan, belongings(aws, target_plan.target)), losing)
        return tuple(note for note in notes if note)


def _how(target_plan: TargetPlan) -> str:
    verbs = {action.verb for action in target_plan.actions if action.key.kind == FUNCTION.name}
    return "replacement" if "replace" in verbs else "deletion" if "delete" in verbs else ""


def _note(target_plan: TargetPlan, parts: Sequence[Part]) -> Diagnostic | None:
    target, how, again = target_plan.target, _how(target_plan), made_again(target_plan)
    lost = [
        f"{part.sort} {', '.join(names)}"
        for part in parts
        if (names := [thing.name for thing in part.things if not _is_made_again(part.sort, thing.name, again)])
    ]
    unread = [f"{part.sort} ({part.problem})" for part in parts if part.problem]
    sentences = [f"{target} loses with its {how}: {'; '.join(lost)}"] if lost else []
    sentences += [f"of {target} could not be read, and goes with its {how}: {'; '.join(unread)}"] if unread else []
    severity: Literal["warning", "note"] = "warning" if how == "replacement" else "note"
    return Diagnostic(severity, "; ".join(sentences), target) if sentences else None


def _is_made_again(sort: str, name: str, again: Collection[tuple[str, str]]) -> bool:
    return any((sort, part) in again for part in (name, name.partition("/")[0], ""))


def made_again(target_plan: TargetPlan) -> set[tuple[str, str]]:
    """What the plan's own calls make anew, by sort and name; of what a function has one of at the most the name is empty."""
    creation = next((item.params for item in target_plan.operations if item.name == "CreateFunction"), {})
    made = {
        (KINDS[action.key.kind].word, action.key.name)
        for action in target_plan.actions
        if action.verb == "create" and action.key.kind != VERSION.name  # version 1 is another one then
    }
    whole = {(PERMISSION.word, qualifier) for word, qualifier in made if word == WHOLE_POLICY.word}
    return made | whole | {("tag", key) for key in creation.get("Tags", {})}
