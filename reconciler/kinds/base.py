"""What a kind of resource is, as a value: the sections it takes from a spec, its calls, and how its properties compare.

A kind computes; it never reads AWS, a file or a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.core import service
from reconciler.core.finding import Rule, part
from reconciler.core.model import Pin, Properties, Ref, Unreadable
from reconciler.core.waiting import Wait

# Why a section does not take a member, where several calls have it.
IS_THE_FUNCTION = "the spec's `function`"
IS_REQUIRED = "required, so there is no state without it"
IS_REQUIRED_INSIDE = "required by AWS wherever the structure around it is written"
IS_WHICH = "says which resource it is, or can only be set at its creation"
NOT_DOCUMENTED = "AWS documents no value that stands for never set, and none that goes back to it"
IS_A_GUARD = "a guard that apply sends by itself"
PUBLISHED = "published"  # in a spec: the version that is the newest once the plan is carried out
# That version, as long as only its publication can tell which it is.
PUBLISHED_VERSION = Ref("PublishVersion", "Version")
IS_PUBLISH = "`publish` publishes numbered versions; Managed Instances are a kind of their own"


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the spec: of which calls it takes the members, and why it does not take the `refused` ones.

    `no_default` says of each member (as Member/Inner) that normal form fills nothing in for, why.
    The shapes of the members are those of `operation`'s input (below `inside`, when the section is one member of it).
    """

    name: str
    operation: str
    refused: Mapping[str, str]
    calls: tuple[str, ...]
    inside: str = ""
    no_default: Mapping[str, str] = field(default_factory=dict)

    @property
    def members(self) -> frozenset[str]:
        """The AWS members that the section takes: every one of the calls' that is not refused."""
        return frozenset().union(*map(service.members, self.calls)) - set(self.refused)


@dataclass(frozen=True, slots=True)
class Call:
    """An AWS call as the task history tells it (the seed's phase, operation name and two status texts), and what to
    wait for after it. The seed is the imperative service whose declarative form this is; manual/decisions.md says which, and
    where we do otherwise."""

    operation: str
    phase: str
    task_operation: str
    started: str
    finished: str
    settle: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A call that a kind asks for, before it gets its place among the target's operations: by the order of all, or, where it
    is brought forward, right before what is created in place of what it deletes."""

    operation: str
    params: Properties
    is_brought_forward: bool = False
    settle: tuple[str, ...] | None = None
    expect: Mapping[str, str] = field(default_factory=dict)
    pin: Pin | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """`normal(properties, function)` fills AWS's defaults in, so that two equal states compare equal; a member that it
    leaves out has no known default and is compared only where the spec names it.
    `identity(name, properties)` is what AWS tells two resources of one target apart by; `subject` the same without what
    can be updated in place. `needs_replacement(pointer, before, after)` takes a pointer without its leading slash.
    `compared(live, desired)` is the part of normal live properties that the desired side speaks of. `depth` says how
    many steps of a pointer make what one update sends. `rules` look at one spec document, offline; `waits` are what its
    calls may have to wait for; `meant` turns words of ours in a spec's entry into the values that they stand for.
    `create`, `update` and `delete` say with which calls AWS is told: of the function's name, the resource's name, the
    properties as written (create) or normal (update: with the set of top-level members that differ) and the live
    handle.
    `state(properties, function)` is the form in which a look at AWS is compared with what it must hold; `after(operation,
    params, state)` is that state once a call was carried out: None before a creation and after a deletion."""

    name: str
    section: str
    normal: Callable[[Properties, str], dict[str, Any]]
    identity: Callable[[str, Properties], Hashable]
    subject: Callable[[str, Properties], Hashable]
    create: Callable[[str, str, Properties], list[Step]]
    update: Callable[[str, str, Properties, frozenset[str], Properties], list[Step]]
    delete: Callable[[str, str, Properties], list[Step]]
    compared: Callable[[Properties, Properties], dict[str, Any]]
    is_sensitive: Callable[[tuple[str, ...]], bool]
    needs_replacement: Callable[[str, Any, Any], bool]
    state: Callable[[Properties, str], dict[str, Any]]
    after: Callable[[str, Properties, Properties | None], dict[str, Any] | None]
    likeness: Callable[[str, Properties], Hashable] = lambda _, __: None
    depth: int = 1
    rules: tuple[Rule, ...] = ()
    waits: tuple[Wait, ...] = ()
    meant: Callable[[Properties], dict[str, Any]] = dict


def shown(value: Any, error: Any) -> Any:
    """`value`, or that AWS does not show it: `error` is what it answered in its place. Its Message is sensitive in part of
    the answers, so only its ErrorCode is kept."""
    return Unreadable(error.get("ErrorCode") or "AWS does not say why") if error else value


def versions_of(alias: Mapping[str, Any]) -> list[Any]:
    """The versions that an alias sends traffic to, as they are written."""
    shares = part(alias, "RoutingConfig", "AdditionalVersionWeights")
    return [alias.get("FunctionVersion"), *(version for version, share in shares.items() if share != 0)]


def by_name(name: str, _: Properties) -> str:
    """The identity of what AWS itself knows by name."""
    return name


def never_sensitive(_: tuple[str, ...]) -> bool:
    return False


def never_replaced(_: str, __: Any, ___: Any) -> bool:
    return False


def with_defaults(value: Any, default: Any) -> Any:
    """`value` with what it lacks taken from `default`, at every depth of mappings."""
    if not isinstance(value, dict) or not isinstance(default, dict):
        return default if value is None else value
    return default | {key: with_defaults(item, default.get(key)) for key, item in value.items()}
