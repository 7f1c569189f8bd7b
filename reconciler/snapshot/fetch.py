"""The live side of some specs: fetch(aws, specs) -> Snapshot. Reads only what the specs declare, in bulk where AWS can.

Calls: one GetFunction a target; one ListAliases a function whose spec has aliases; all pages of ListEventSourceMappings
where a spec has mappings; the pages of ListFunctions(ALL) where a spec has versions in any form. Never writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import Any

from reconciler.aws.client import Aws, Place
from reconciler.aws.unread import Unread, said
from reconciler.core.errors import AwsError, Interrupted, SettleFailed, SnapshotError
from reconciler.core.model import Artifact, Key, Live, Snapshot, Spec, Target, Unreadable
from reconciler.core.sealing import canonical
from reconciler.kinds.base import shown
from reconciler.kinds.code import live_code
from reconciler.kinds.configuration import answered_configuration
from reconciler.kinds.event_source_mapping import live_properties as mapping_properties
from reconciler.kinds.needs import loses_a_qualifier, needed
from reconciler.kinds.registry import WAITS
from reconciler.kinds.tags import MARK
from reconciler.snapshot.artifacts import Looking, artifact

WORKERS = 16
PATIENCE_SECONDS = 60.0  # for everything that moves while a snapshot is taken, together
STANDING = ("Enabled", "Disabled")
HANDLED = (
    "FunctionArn", "RevisionId", "CodeSha256", "CodeSize", "Version", "State", "StateReasonCode", "LastUpdateStatus",
    "LastUpdateStatusReasonCode", "LastModified", "MasterArn",
)  # fmt: skip
MAPPING_HANDLED = ("UUID", "State", "EventSourceMappingArn", "FunctionArn", "LastModified", "StateTransitionReason")


def fetch(
    aws: Aws,
    specs: Iterable[Spec],
    *,
    taken_at: str,
    managed_by: str = "",
    places: Iterable[Place] = (),
    looking: Looking = Looking(),  # noqa: B008  frozen
) -> Snapshot:
    """The live resources of the specs' targets and, where a mark is given, of every function of these places that bears
    it; what could not be read is told with its reason. Raises SnapshotError when that is every target."""
    ordered = sorted(specs, key=lambda spec: spec.target)
    by_place: dict[Place, list[Spec]] = {place: [] for place in places}
    for place, group in groupby(ordered, key=lambda spec: Place.of(spec.target)):
        by_place[place] = list(group)
    unread, unlisted, patience = Unread(), dict[str, str](), Patience()
    accounts = identities(aws, by_place, unread, unlisted)
    with ThreadPoolExecutor(WORKERS) as pool:
        resources: list[Live] = []
        looked_at = set[Target]()
        for place in (place for place in by_place if place.account in accounts):
            region = _Region(aws, place, by_place[place], pool, unread, patience)
            resources += region.resources(region.marked(managed_by, unlisted) if managed_by else [])
            looked_at |= region.looked_at
        held = {item.key.target: str(item.handle.get("CodeSha256", "")) for item in resources if not item.key.name}
        codes = artifacts(aws, [spec for spec in ordered if spec.target not in unread.reasons], pool, held, looking)
    if ordered and not unread.readable(spec.target for spec in ordered):
        raise SnapshotError("\n".join(dict.fromkeys(unread.reasons.values())))
    known = tuple(sorted((item for item in resources if item.key.target not in unread.reasons), key=_by_key))
    return Snapshot(
        known, taken_at, accounts, codes, unread=unread.reasons, unlisted=unlisted, mapped=frozenset(looked_at)
    )


def _by_key(item: Live) -> Key:
    return item.key


def identities(
    aws: Aws, by_place: Mapping[Place, list[Spec]], unread: Unread, unlisted: dict[str, str]
) -> dict[str, str]:
    """The number of each account whose credentials are there and its own; the others' targets are unread."""
    accounts: dict[str, str] = {}
    for place, group in by_place.items():
        try:
            accounts[place.account] = aws.account_id(place)
        except AwsError as failure:
            unread.add([spec.target for spec in group], "GetCallerIdentity", failure)
            unlisted[str(place)] = said("GetCallerIdentity", failure)
    return accounts


def artifacts(
    aws: Aws, specs: Iterable[Spec], pool: ThreadPoolExecutor, held: Mapping[Target, str], looking: Looking
) -> dict[Target, Artifact]:
    """The code of each target, asked once for all that name the same code from the same place."""
    asking = {spec.target: _question(spec, held.get(spec.target, "")) for spec in specs if spec.code}
    first = {asked: spec for spec in specs if (asked := asking.get(spec.target))}
    look = partial(code_of, aws, looking)
    told = dict(zip(first, pool.map(look, first.values(), (asked[2] for asked in first)), strict=True))
    return {target: found for target, asked in asking.items() if (found := told[asked])}


def _question(spec: Spec, held: str) -> tuple[Place, bytes, str]:
    """What is asked of a target's code; the hash that lives matters only where the spec says one."""
    return Place.of(spec.target), canonical(spec.code), held if "sha256" in spec.code else ""


def code_of(aws: Aws, looking: Looking, spec: Spec, held: str) -> Artifact | None:
    try:
        return artifact(aws, spec, held, looking)
    except Interrupted:
        raise
    except AwsError as failure:
        return Artifact("", "", problem=f"the code cannot be looked at: {failure}")


class Patience:
    """How long one snapshot waits, in all, for what AWS is still at."""

    def __init__(self) -> None:
        self._left_seconds = PATIENCE_SECONDS

    @contextmanager
    def waiting(self) -> Iterator[float]:
        """The seconds that are left; what the block takes is spent."""
        begun = time.monotonic()
        yield max(self._left_seconds, 0.0)
        self._left_seconds -= time.monotonic() - begun


class _Region:
    """One account and region while its resources are read."""

    def __init__(
        self, aws: Aws, place: Place, specs: list[Spec], pool: ThreadPoolExecutor, unread: Unread, patience: Patience
    ) -> None:
        self.aws, self.place, self.specs, self.pool = aws, place, specs, pool
        self.unread, self.patience = unread, patience
        self.looked_at = set[Target]()  # whose mappings were read though their specs own none

    def resources(self, marked: list[str]) -> Iterator[Live]:
        targets = [spec.target for spec in self.specs] + [self.target(name) for name in marked]
        functions = list(self.functions(targets))
        yield from functions
        alive = {live.key.target for live in functions}
        present = [spec for spec in self.specs if spec.target in alive and not spec.is_absent]
        versions = list(self.versions([spec.target for spec in present if "version" in needed(spec)]))
        aliases = list(self.of_each("ListAliases", self.aliases, [s.target for s in present if "alias" in needed(s)]))
        yield from versions
        yield from aliases
        losing = {spec.target for spec in present if loses_a_qualifier(spec, [*versions, *aliases])}
        self.looked_at |= losing
        mapped = [s for s in self.specs if "event_source_mapping" in needed(s) or s.target in losing]
        if mapped or marked:
            yield from self.mappings({spec.target for spec in mapped} | {self.target(name) for name in marked})

    def of_each(self, operation: str, read: Callable[[Target], list[Live]], targets: list[Target]) -> Iterator[Live]:
        for _, found in self.unread.each(self.pool, operation, read, targets, itself):
            yield from found

    def target(self, function: str) -> Target:
        return Target(self.place.account, self.place.region, function)

    def marked(self, managed_by: str, unlisted: dict[str, str]) -> list[str]:
        """Names of functions that bear our mark and have no spec here, by the tagging API: a page a hundred, of a quota of
        its own."""
        params = {"TagFilters": [{"Key": MARK, "Values": [managed_by]}], "ResourceTypeFilters": ["lambda:function"]}
        try:
            pages = list(self.aws.pages(self.place, "GetResources", params, api="resourcegroupstaggingapi"))
        except Interrupted:
            raise
        except AwsError as failure:
            unlisted[str(self.place)] = said("GetResources", failure)
            return []
        found = {item["ResourceARN"].split(":")[6] for page in pages for item in page["ResourceTagMappingList"]}
        return sorted(found - {spec.target.function for spec in self.specs})

    def functions(self, targets: list[Target]) -> Iterator[Live]:
        """The functions that there are, as they are once they have settled; what moves is waited for side by side."""
        moving: list[tuple[Target, Mapping[str, Any]]] = []
        for target, found in self.unread.each(self.pool, "GetFunction", self.found, targets, itself):
            if found and is_moving(found["Configuration"]):
                moving.append((target, found))
            elif found:
                yield function_live(target, found["Configuration"], found)
        with self.patience.waiting() as seconds:
            settle = partial(self.settled, seconds)
            for (target, found), configuration in self.unread.each(self.pool, "GetFunction", settle, moving, first):
                yield function_live(target, configuration, found)

    def found(self, target: Target) -> Mapping[str, Any] | None:
        return self.aws.found(self.place, "GetFunction", {"FunctionName": target.function})

    def settled(self, seconds: float, moving: tuple[Target, Mapping[str, Any]]) -> Mapping[str, Any]:
        target, found = moving
        try:
            return self.aws.settle(target, WAITS["function-updated"], found["Configuration"], seconds=seconds)
        except Interrupted:
            raise
        except SettleFailed:
            again = self.found(target)
            if again is None or is_moving(again["Configuration"]):
                raise
            configuration: Mapping[str, Any] = again["Configuration"]
            return configuration  # it stands still: what it was at has failed

    def versions(self, targets: list[Target]) -> Iterator[Live]:
        """Versions of the targets: from the listing of everything, unless that has more pages than there are targets,
        as in an account that is not ours alone; then target by target."""
        if not targets:
            return
        known = self.unread.listed("ListFunctions", lambda: self.all_versions(targets), targets)
        if known[-1:] == [None]:
            yield from self.of_each("ListVersionsByFunction", self.versions_of, targets)
            return
        yield from (live for live in known if live)

    def all_versions(self, targets: list[Target]) -> Iterator[Live | None]:
        """Versions of the targets out of the listing of everything; None at the end when it was given up."""
        names = {target.function for target in targets}
        pages = self.aws.pages(self.place, "ListFunctions", {"FunctionVersion": "ALL"})
        for number, page in enumerate(pages, start=1):
            yield from (
                live for item in page["Functions"] if item["FunctionName"] in names and (live := self.version(item))
            )
            if number > len(targets) and "NextMarker" in page:
                yield None
                return

    def versions_of(self, target: Target) -> list[Live]:
        pages = self.aws.pages(self.place, "ListVersionsByFunction", {"FunctionName": target.function})
        return [live for page in pages for item in page["Versions"] if (live := self.version(item))]

    def version(self, item: Mapping[str, Any]) -> Live | None:
        if not str(item.get("Version", "")).isdigit():
            return None
        return version_live(self.target(item["FunctionName"]), item)

    def aliases(self, target: Target) -> list[Live]:
        pages = self.aws.pages(self.place, "ListAliases", {"FunctionName": target.function})
        return [alias_live(target, item) for page in pages for item in page["Aliases"]]

    def mappings(self, targets: set[Target]) -> Iterator[Live]:
        names = {target.function: target for target in targets}
        pages = self.aws.pages(self.place, "ListEventSourceMappings", {})
        items = self.unread.listed(
            "ListEventSourceMappings", lambda: [item for page in pages for item in page["EventSourceMappings"]], targets
        )
        held = [(names[name], item) for item in items if (name := function_of(item)) in names]
        moving = [one for one in held if one[1].get("State") not in STANDING]
        settled = [one for one in held if one[1].get("State") in STANDING]
        with self.patience.waiting() as seconds:
            settle = partial(self.settled_mapping, seconds)
            for (target, _), item in self.unread.each(self.pool, "GetEventSourceMapping", settle, moving, first):
                settled += [(target, item)] if item else []
        whole = partial(self.whole_mapping, {spec.target for spec in self.specs if declares(spec, "KMSKeyArn")})
        named = self.unread.each(self.pool, "GetEventSourceMapping", whole, settled, first)
        settled = [(target, item) for (target, _), item in named if item]
        read = partial(self.mapping, {spec.target for spec in self.specs if declares(spec, "Tags")})
        yield from (live for _, live in self.unread.each(self.pool, "ListTags", read, settled, first))

    def settled_mapping(self, seconds: float, moving: tuple[Target, Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The mapping once it stands still; None when it was on its way out."""
        target, item = moving
        wait = "mapping-gone" if item.get("State") == "Deleting" else "mapping-settled"
        return self.aws.settle(target, WAITS[wait], item, seconds=seconds) or None

    def whole_mapping(self, encrypted: set[Target], held: tuple[Target, Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The mapping with the filters that the listing leaves out where a key encrypts them; None when it is gone."""
        target, item = held
        if "FilterCriteria" in item or not (item.get("KMSKeyArn") or target in encrypted):
            return item
        return self.aws.found(self.place, "GetEventSourceMapping", {"UUID": item["UUID"]})

    def mapping(self, tagged: set[Target], held: tuple[Target, Mapping[str, Any]]) -> Live:
        target, item = held
        return mapping_live(target, item, tags_of(self.aws, self.place, item) if target in tagged else None)


def tags_of(aws: Aws, place: Place, mapping: Mapping[str, Any]) -> dict[str, str] | None:
    """A mapping's tags without AWS's own; None where it has no address to ask by."""
    if "EventSourceMappingArn" not in mapping:
        return None
    answer = aws.call(place, "ListTags", {"Resource": mapping["EventSourceMappingArn"]})
    return {key: value for key, value in answer.result.get("Tags", {}).items() if not key.startswith("aws:")}


def mapping_live(target: Target, item: Mapping[str, Any], tags: Mapping[str, str] | None) -> Live:
    """A mapping as AWS answers it; its tags only where they were asked for."""
    known = {} if tags is None else {"Tags": dict(tags)}
    handle = {name: item[name] for name in MAPPING_HANDLED if name in item}
    return Live(Key(target, "event_source_mapping", item["UUID"]), mapping_properties(item) | known, handle | known)


def alias_live(target: Target, item: Mapping[str, Any]) -> Live:
    return Live(
        Key(target, "alias", item["Name"]),
        {"FunctionVersion": item.get("FunctionVersion") or Unreadable("AWS answered without it")}
        | {name: item[name] for name in ("Description", "RoutingConfig") if name in item},
        {name: item[name] for name in ("RevisionId", "AliasArn") if name in item},
    )


def version_live(target: Target, item: Mapping[str, Any]) -> Live:
    """A published version's configuration as a live resource."""
    properties = {"configuration": answered_configuration(item), "code": only_hash(item)}
    handle = {name: item[name] for name in HANDLED if name in item}
    return Live(Key(target, "version", item["Version"]), properties, handle)


def function_live(target: Target, configuration: Mapping[str, Any], found: Mapping[str, Any]) -> Live:
    """GetFunction's answer `found` as a live resource, with the configuration that it settled in."""
    tags = dict(found.get("Tags", {}))
    properties = {
        "configuration": answered_configuration(configuration),
        "code": live_code(configuration, found.get("Code", {})),
        "tags": shown(tags, found.get("TagsError")),
    }
    handle = {name: configuration[name] for name in HANDLED if name in configuration}
    code = found.get("Code", {})
    where = {name: code[name] for name in ("ImageUri", "ResolvedS3Object") if name in code}
    return Live(Key(target, "function"), properties, handle | where | {"Tags": tags})


def itself(target: Target) -> Target:
    return target


def first(pair: tuple[Target, Mapping[str, Any]]) -> Target:
    return pair[0]


def is_moving(configuration: Mapping[str, Any]) -> bool:
    return configuration.get("State") == "Pending" or configuration.get("LastUpdateStatus") == "InProgress"


def function_of(mapping: Mapping[str, Any]) -> str:
    """The name of the function that a mapping invokes, of its ARN."""
    return str(mapping.get("FunctionArn", "::::::")).split(":")[6]


def declares(spec: Spec, member: str) -> bool:
    """Whether a mapping of the spec says this."""
    return any(member in item.properties for item in spec.desired if item.key.kind == "event_source_mapping")


def only_hash(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"CodeSha256": live_code(item, {})["CodeSha256"]}
