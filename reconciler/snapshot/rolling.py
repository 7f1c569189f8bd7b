"""The aliases of some functions that bear the marker of a rollout, as they are now. Never writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.aws.client import Aws
from reconciler.core.model import Key, Live, Snapshot, Spec, Target
from reconciler.core.place import Place
from reconciler.core.rollouts import Rollout
from reconciler.kinds.alias import ALIAS, marker, rolled
from reconciler.kinds.configuration import longest_invocation
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.provisioned_concurrency import KEPT_STARTED
from reconciler.rollout.rolling import Rolling
from reconciler.snapshot.fetch import fetch


def rolling(aws: Aws, specs: Iterable[Spec], taken_at: str) -> tuple[list[Rolling], Snapshot]:
    """Those of the specs' functions, and all that was read; what could not be read is told there. Code is not looked at. Raises SnapshotError
    where nothing could be read."""
    listed = list(specs)
    bare = [Spec(spec.target, "", (), frozenset()) for spec in listed]
    live = fetch(aws, bare, taken_at=taken_at, kinds=frozenset({ALIAS.name}))
    said = {spec.target: spec for spec in listed}
    return sorted(_rolling(aws, live, said), key=lambda one: one.key), live


def _rolling(aws: Aws, live: Snapshot, said: Mapping[Target, Spec]) -> Iterator[Rolling]:
    functions = {item.key.target: item for item in live.resources if item.key.kind == FUNCTION.name}
    for item in live.resources:
        if item.key.kind == ALIAS.name and marker(item.handle):
            spec = said[item.key.target]
            found = one(aws, item, functions[item.key.target], spec.rollouts.get(item.key.name), spec.path)
            yield replace(found, wanted=_wanted(spec, item.key))


def _wanted(spec: Spec, key: Key) -> str:
    return next((str(item.properties["FunctionVersion"]) for item in spec.desired if item.key == key), "")


def one(aws: Aws, alias: Live, function: Live, rollout: Rollout | None, file: str = "") -> Rolling:
    """An alias, with a marker or without one."""
    return Rolling(
        alias.key,
        replace(rolled(alias), provisioned=provisioned(aws, alias)),
        aws.date(Place.of(alias.key.target)),
        (function, alias),
        str(alias.properties.get("Description") or ""),
        rollout,
        longest_invocation(function.properties["configuration"]),
        file,
    )


def provisioned(aws: Aws, alias: Live) -> str:
    """The status of what is kept started for an alias; empty where nothing is."""
    operation, params = KEPT_STARTED.reading.single(alias.key.target.function, alias.key.name)
    answer = aws.find(Place.of(alias.key.target), operation, params)
    return str(answer["Status"]) if answer else ""
