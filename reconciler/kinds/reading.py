"""How AWS is asked for the resources of a kind, and what its answers say, as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.model import Live, Properties, Target

Answered = tuple[Target, Properties]  # what AWS answered about a resource of a target


def never_moving(_: Properties) -> str:
    return ""


def never_cut(_answer: Properties, _members: frozenset[str]) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Listing:
    """A call that answers in pages, and the member that holds a page's items. `of` is the member that says whose, where it is
    asked for what one function or layer has."""

    operation: str
    member: str
    params: Mapping[str, Any] = field(default_factory=dict)
    of: str = "FunctionName"


@dataclass(frozen=True, slots=True)
class Lookup:
    """A call that tells of up to `most` resources of a place by their names, which may be of several functions. `params(names)` asks for
    them; `member` holds what there is, `name(item)` says which one an item is."""

    operation: str
    most: int
    params: Callable[[list[str]], Properties]
    member: str
    name: Callable[[Properties], str]


@dataclass(frozen=True, slots=True)
class Holders:
    """How AWS tells who has a value, of what a function has one of at the most: `operation`, of the value as `member`, answers the
    ARNs of the functions that have it as `functions`; `values` lists all values, each as `member`."""

    member: str
    operation: str
    functions: str
    values: Listing


def function_of(answer: Properties) -> str:
    """The name of the function that an answer speaks of, by its ARN; empty where it has none."""
    return next(iter(str(answer.get("FunctionArn", "")).split(":")[6:7]), "")


@dataclass(frozen=True, slots=True)
class Users:
    """How AWS tells who uses a resource: an item of `listing`, which is called `user(item)`, names the ARNs that it `uses`. A resource's
    own item, whose ARN is its `address`, gets them as `Users`."""

    listing: Listing
    uses: Callable[[Properties], tuple[str, ...]]
    user: Callable[[Properties], str]
    address: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What another call tells of the same resources: `listing` of all in an account and region, `about(function, name)` are its
    params about one; `of(item)` says which function's it is, and its name."""

    listing: Listing
    about: Callable[[str, str], Properties]
    of: Callable[[Properties], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """How AWS is asked for the resources of a kind, and what its answers say.

    `single(function, name)` is the call about one, by AWS's name for it: the function's own call where that tells it as well, so that a
    snapshot needs no other; `live(target, answer)` what it, or an item of a listing, answers: None where that is no resource of the kind,
    or one on its way out. `listing` has all of one function, its name to be added, `everywhere` those of a whole account and region; where
    `listing` may have only those of the very qualifier that it is asked for, it is asked for by each, or only `everywhere` is believed, and
    `told_by_qualifier` is the member that tells items apart. `moving(answer)` names the wait that must be over before an answer can be
    believed; `is_cut(answer, members)` says whether a listing left something out that a spec with these members needs. `tagged_by` is the
    member that holds the ARN of what has tags which only ListTags answers. Where one answer of `single` tells of everything below a first
    name, or is a list all the same, `several(name, answer)` has each of them, as `live` takes it. `together` has those of many functions,
    where AWS is asked by their names. `holders`: it is also told by who has each value. `beside`: what other calls tell of each is laid
    beside its answer as lists; where the first tells of nothing, so do the others. One of which only these tell is one as well.
    `owner(item)` names the function or layer that an item of a listing is of; `rest(item)` is the call that tells whole what is cut, where
    that is not `single`. `users`: who uses each is read as well. `glance(function, name, state)` is a call of a plentiful quota that tells
    of one that was made together with its function, which nobody has touched since, whether it still is in this state: by what its answer
    must hold. `told_with_others` names the wait that is over once one listing has told of those of many targets."""

    single: Callable[[str, str], tuple[str, Properties]]
    live: Callable[[Target, Properties], Live | None]
    listing: Listing | None = None
    everywhere: Listing | None = None
    told_by_qualifier: str = ""
    moving: Callable[[Properties], str] = never_moving
    is_cut: Callable[[Properties, frozenset[str]], bool] = never_cut
    tagged_by: str = ""
    several: Callable[[str, Properties], list[Properties]] | None = None
    together: Lookup | None = None
    holders: Holders | None = None
    beside: tuple[Beside, ...] = ()
    owner: Callable[[Properties], str] = function_of
    rest: Callable[[Properties], tuple[str, Properties]] | None = None
    users: Users | None = None
    glance: Callable[[str, str, Properties], tuple[str, Properties, Properties]] | None = None
    told_with_others: str = ""
