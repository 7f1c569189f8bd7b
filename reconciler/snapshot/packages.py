"""How the files of local packages differ from those that live, as far as somebody looks: small code is downloaded, larger where that is
asked for, and of all else it is said that nobody did. Reads only, and only of what a plan sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reconciler.aws.client import Aws
from reconciler.core.errors import AwsError, Interrupted, SpecError
from reconciler.core.model import Origin, Target
from reconciler.core.packages import Comparison, FileChange, Package
from reconciler.core.place import Place
from reconciler.core.plans import Action, Plan
from reconciler.core.words import byte_size, shortened
from reconciler.files import packing
from reconciler.files.archive import Content, NotAZip, contents
from reconciler.kinds.registry import KINDS
from reconciler.snapshot.artifacts import LARGEST_READ_BYTES
from reconciler.snapshot.beside import each_of

WORKERS = 8
MOST_BYTES = 64 << 20  # of all that one plan downloads without being asked
MOST_NAMED = 50  # files of a package that a plan names
LONGEST_NAME = 200
HASH = "/code/CodeSha256"
_PARTS = ("Configuration", "Code", "Content")  # of the answers that tell it


class Unseen(Exception):
    """Why nobody looked, as what is said of it."""


@dataclass(frozen=True, slots=True)
class Held:
    """The code that lives where a package is to be sent: its hash, where AWS lets it be downloaded, and its bytes."""

    target: Target
    sha256: str
    url: str
    size: int


def looked_into(aws: Aws, plan: Plan, *, is_asked: bool) -> Plan:
    """The plan with what differs in each package that goes over other code; `is_asked`: however large that is."""
    wanted = {
        target.target: (action, sha256) for target in plan.targets for action, sha256 in _changing(target.actions)
    }
    with ThreadPoolExecutor(WORKERS) as pool:
        held = [*pool.map(partial(_held, aws), wanted, (sha256 for _, sha256 in wanted.values()))]
        chosen = held if is_asked else [*_within(held)]
        packages = (action.package for action, _ in wanted.values())
        looked = dict(zip(wanted, pool.map(partial(_looked, aws), packages, chosen), strict=True))
    targets = (
        replace(target, actions=tuple(_with(action, looked.get(target.target)) for action in target.actions))
        for target in plan.targets
    )
    return replace(plan, targets=tuple(targets))


def _changing(actions: Iterable[Action]) -> Iterator[tuple[Action, str]]:
    """Each action that sends a package over code whose hash is known."""
    for action in actions:
        before = next((change.before for change in action.changes if change.path == HASH), None)
        if action.package and isinstance(before, str) and before:
            yield action, before


def _with(action: Action, package: Package | None) -> Action:
    return replace(action, package=package) if action.package and package else action


def _held(aws: Aws, target: Target, sha256: str) -> Held | Unseen:
    try:
        stored = _stored(aws, target)
    except Interrupted:
        raise
    except AwsError as failure:
        return Unseen(f"what lives cannot be read: {failure}")
    url = stored.get("Location", "")
    if not url:
        return Unseen("AWS does not let what lives be downloaded")
    return Held(target, sha256, url, int(stored.get("CodeSize", 0)))


def _stored(aws: Aws, target: Target) -> Mapping[str, Any]:
    """Where the code is that a plan was compared with, and its size: a function's, or that of a layer's newest version."""
    place, reading = Place.of(target), KINDS[target.root].reading
    answers = each_of(reading, "", aws.call(place, *reading.single(target.name, "")).result)
    if reading.rest:
        answers = [aws.call(place, *reading.rest(answer)).result for answer in answers]
    return {name: value for answer in answers for part in _PARTS for name, value in answer.get(part, {}).items()}


def _within(held: Iterable[Held | Unseen]) -> Iterator[Held | Unseen]:
    """Those that may be looked at without being asked: none that is large, and not too much in all."""
    left = MOST_BYTES
    for one in held:
        if isinstance(one, Held) and one.size > min(left, LARGEST_READ_BYTES):
            yield Unseen(f"what lives is {byte_size(one.size)}; --download-code looks into it")
        else:
            left -= one.size if isinstance(one, Held) else 0
            yield one


def _looked(aws: Aws, package: Package, held: Held | Unseen) -> Package:
    try:
        if isinstance(held, Unseen):
            raise held
        return replace(
            package, compared=compared(_before(aws, held), packing.listed(package.path, Origin(package.path)))
        )
    except (AwsError, NotAZip, SpecError, Unseen) as reason:
        return replace(package, unseen=str(reason))


def _before(aws: Aws, held: Held) -> Mapping[str, Content]:
    with aws.downloaded(Place.of(held.target), held.url, held.size) as file:
        if packing.sha256_of(file) != held.sha256:
            raise Unseen("what lives became another while it was looked at")
        return contents(file)


def compared(before: Mapping[str, Content], after: Mapping[str, Content]) -> Comparison:
    """How files differ: by what they hold, and whether they are files, programs or links."""
    unlike = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    files = [FileChange(shortened(name, LONGEST_NAME), _size(before, name), _size(after, name)) for name in unlike]
    return Comparison(
        changed=sum(None not in (item.before, item.after) for item in files),
        added=sum(item.before is None for item in files),
        removed=sum(item.after is None for item in files),
        grown=sum((item.after or 0) - (item.before or 0) for item in files),
        files=tuple(files[:MOST_NAMED]),
    )


def _size(files: Mapping[str, Content], name: str) -> int | None:
    return files[name].size if name in files else None
