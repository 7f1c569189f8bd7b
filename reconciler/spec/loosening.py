"""What judges, and what changed of it since a base revision: reconcile.yaml, and what a spec says about itself. Pure.

Every difference counts, not only what loosens: whoever reads the plan sees at once what it is not judged by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest

from reconciler.core.diff import is_named, pointer, steps_of
from reconciler.core.model import Origin, Spec, Target
from reconciler.core.plans import GuardChange
from reconciler.core.values import UNSET
from reconciler.spec.config import Config
from reconciler.spec.settings import ACCOUNTS, Steps, leaves, shown

PERMISSIONS = ("adopt", "allow_replace")
STILL_COMPARED = "compared all the same"


def config_changes(before: Config, now: Config) -> list[GuardChange]:
    """Everything in which two reconcile.yaml differ, sorted; an account that has another place in the list does not."""
    then, here = leaves(before), leaves(now)
    return [
        GuardChange(
            file=now.path,
            path=pointer(steps),
            before=shown(steps, then[steps]) if steps in then else UNSET,
            after=shown(steps, here[steps]) if steps in here else UNSET,
            origin=origin_of(now, steps),
        )
        for steps in sorted({*then, *here})
        if then.get(steps, UNSET) != here.get(steps, UNSET)
    ]


def origin_of(config: Config, steps: Steps) -> Origin:
    """Where reconcile.yaml says something, or would; accounts stand there in a list."""
    if steps[:2] == ACCOUNTS and len(steps) > 2:
        names = [entry["name"] for entry in config.document.value["aws"]["accounts"]]
        index = [str(names.index(steps[2]))] if steps[2] in names else []
        steps = (*ACCOUNTS, *index, *(steps[3:] if index else ()))
    return config.document.key(pointer(steps))


def spec_changes(before: Mapping[Target, Spec], now: Iterable[Spec]) -> list[GuardChange]:
    """What specs newly leave to others or allow themselves, a line a file that says so."""
    changes: dict[GuardChange, None] = {}
    for spec in now:
        then = before.get(spec.target)
        changes |= dict.fromkeys([*_ignored(then, spec), *_permitted(then, spec)])
    return list(changes)


def _ignored(then: Spec | None, now: Spec) -> Iterator[GuardChange]:
    for index, path in enumerate(now.ignore):
        if then is None or path not in common(then.ignore, (path,)):
            origin = now.origins.get(f"/ignore/{index}") or now.origins.get("/ignore")
            yield GuardChange(_file(now, origin), "/ignore", UNSET, path, origin, STILL_COMPARED if then else "")


def _permitted(then: Spec | None, now: Spec) -> Iterator[GuardChange]:
    for name in PERMISSIONS:
        if getattr(now, name) and not (then and getattr(then, name)):
            origin = now.origins.get(f"/{name}")
            yield GuardChange(_file(now, origin), f"/{name}", UNSET, True, origin)


def _file(spec: Spec, origin: Origin | None) -> str:
    """Where it is written: defaults say it once for all that extend them."""
    return origin.path if origin else spec.path


def with_base_ignore(before: Mapping[Target, Spec], now: Iterable[Spec]) -> tuple[Spec, ...]:
    """The specs without what they newly ignore; a target that the base does not know has nothing that it could hide."""
    return tuple(
        replace(spec, ignore=common(before[spec.target].ignore, spec.ignore)) if spec.target in before else spec
        for spec in now
    )


def common(before: Iterable[str], now: Iterable[str]) -> tuple[str, ...]:
    """The pointers of what both lists ignore, sorted: of two that overlap, the narrower."""
    pairs = ((steps_of(first), steps_of(second)) for first in before for second in now)
    return tuple(sorted({pointer(both) for first, second in pairs if (both := _overlap(first, second)) is not None}))


def _overlap(path: Steps, other: Steps) -> Steps | None:
    """What two patterns both name, each naming all that is below it; None for nothing, or for what no pattern can say."""
    steps = []
    for first, second in zip_longest(path, other):
        if second is None or (first is not None and is_named(second, first)):
            steps.append(first)
        elif first is None or is_named(first, second):
            steps.append(second)
        else:
            return None
    return tuple(steps)


def unreachable(before: Config, spec: Spec) -> str:
    """Why a spec's account or region is not reached; empty when the base reaches it. No pull request chooses by whose rights
    it is planned."""
    account = before.accounts.get(spec.target.account)
    if account is None:
        return f"account {spec.target.account} is not in the base's {before.path}; merge its entry first"
    if not account.is_enabled:
        return f"account {account.name} is not enabled by the base's {before.path}; merge that first"
    if account.regions and spec.target.region not in account.regions:
        return f"account {account.name} has no {spec.target.region} in the base's {before.path}; merge that first"
    return ""
