"""The live side of some specs: fetch(aws, specs) -> Snapshot. Reads only what the specs declare, in bulk where AWS can.

Calls: one GetFunction a target; one ListAliases a function whose spec has aliases; all pages of ListEventSourceMappings
where a spec has mappings; the pages of ListFunctions(ALL) where a spec has versions in any form. Never writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

from reconciler.artifacts import artifact
from reconciler.aws import Aws, Place
from reconciler.case import needed
from reconciler.errors import CallFailed, SettleFailed, SnapshotError
from reconciler.kinds.event_source_mapping import live_properties as mapping_properties
from reconciler.kinds.function import MARK, live_code, live_configuration
from reconciler.model import Artifact, Key, Live, Snapshot, Spec, Target
from reconciler.sealing import canonical

WORKERS = 16
HANDLED = (
    "FunctionArn", "RevisionId", "CodeSha256", "CodeSize", "Version", "State", "StateReasonCode", "LastUpdateStatus",
    "LastUpdateStatusReasonCode", "LastModified", "MasterArn",
)  # fmt: skip
MAPPING_HANDLED = ("UUID", "State", "EventSourceMappingArn", "FunctionArn", "LastModified", "StateTransitionReason")


def fetch(
    aws: Aws, specs: Iterable[Spec], *, taken_at: str, managed_by: str = "", places: Iterable[Place] = ()
) -> Snapshot:
    """The live resources of the specs' targets and, where a mark is given, of every function of these places that bears
    it. Raises SnapshotError, and AwsError when an account is not the one that reconcile.yaml says."""
    ordered = sorted(specs, key=lambda spec: spec.target)
    by_place: dict[Place, list[Spec]] = {place: [] for place in places}
    for place, group in groupby(ordered, key=lambda spec: Place.of(spec.target)):
        by_place[place] = list(group)
    accounts = {place.account: aws.account_id(place) for place in by_place}
    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            resources: list[Live] = []
            for place, group_of in by_place.items():
                resources += _Region(aws, place, group_of, pool).resources(managed_by)
            codes = artifacts(aws, ordered, pool)
    except CallFailed as failure:
        raise SnapshotError(f"{failure} ({failure.code}, request {failure.request_id or 'unanswered'})") from failure
    return Snapshot(tuple(sorted(resources, key=lambda item: item.key)), taken_at, accounts, codes)


def artifacts(aws: Aws, specs: Iterable[Spec], pool: ThreadPoolExecutor) -> dict[Target, Artifact]:
    """The code of each target, asked once for all that name the same code from the same place."""
    asking = {spec.target: (Place.of(spec.target), canonical(spec.code)) for spec in specs if spec.code}
    first = {asked: spec for spec in specs if (asked := asking.get(spec.target))}
    told = dict(zip(first, pool.map(lambda spec: artifact(aws, spec), first.values()), strict=True))
    return {target: found for target, asked in asking.items() if (found := told[asked])}


class _Region:
    """One account and region while its resources are read."""

    def __init__(self, aws: Aws, place: Place, specs: list[Spec], pool: ThreadPoolExecutor) -> None:
        self.aws, self.place, self.specs, self.pool = aws, place, specs, pool

    def resources(self, managed_by: str) -> Iterator[Live]:
        names = {spec.target.function for spec in self.specs}
        marked = [name for name in self.marked(managed_by) if name not in names] if managed_by else []
        targets = [spec.target for spec in self.specs] + [self.target(name) for name in marked]
        functions = [live for live in self.pool.map(self.function, targets) if live]
        yield from functions
        alive = {live.key.target for live in functions}
        present = [spec for spec in self.specs if spec.target in alive and not spec.is_absent]
        yield from self.versions([spec.target for spec in present if "version" in needed(spec)])
        for aliases in self.pool.map(self.aliases, [spec.target for spec in present if "alias" in needed(spec)]):
            yield from aliases
        mapped = [spec for spec in self.specs if "event_source_mapping" in needed(spec)]
        if mapped or marked:
            tagged = {spec.target for spec in mapped if declares_mapping_tags(spec)}
            yield from self.mappings({spec.target for spec in mapped} | {self.target(name) for name in marked}, tagged)

    def target(self, function: str) -> Target:
        return Target(self.place.account, self.place.region, function)

    def marked(self, managed_by: str) -> list[str]:
        """Names of functions that bear our mark, by the tagging API: a page a hundred, of a quota of its own."""
        params = {"TagFilters": [{"Key": MARK, "Values": [managed_by]}], "ResourceTypeFilters": ["lambda:function"]}
        pages = self.aws.pages(self.place, "GetResources", params, api="resourcegroupstaggingapi")
        return sorted(item["ResourceARN"].split(":")[6] for page in pages for item in page["ResourceTagMappingList"])

    def function(self, target: Target) -> Live | None:
        """The function as it is once it has settled; None when there is none."""
        found = self.aws.found(self.place, "GetFunction", {"FunctionName": target.function})
        if not found:
            return None
        configuration = found["Configuration"]
        if configuration.get("State") == "Pending" or configuration.get("LastUpdateStatus") == "InProgress":
            configuration = self.settled(target, configuration)
        return function_live(target, configuration, found.get("Code", {}), found.get("Tags", {}))

    def settled(self, target: Target, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return self.aws.settle(target, "function-updated", configuration)
        except SettleFailed:
            found = self.aws.found(self.place, "GetFunction", {"FunctionName": target.function})
            return found["Configuration"] if found else configuration

    def versions(self, targets: list[Target]) -> Iterator[Live]:
        """Versions of the targets: from the listing of everything, unless that has more pages than there are targets,
        as in an account that is not ours alone; then target by target."""
        if not targets:
            return
        names, found = {target.function for target in targets}, list[Live]()
        pages = self.aws.pages(self.place, "ListFunctions", {"FunctionVersion": "ALL"})
        for number, page in enumerate(pages, start=1):
            found += [
                live for item in page["Functions"] if item["FunctionName"] in names and (live := self.version(item))
            ]
            if number > len(targets) and "NextMarker" in page:
                break
        else:
            yield from found
            return
        for versions in self.pool.map(self.versions_of, targets):
            yield from versions

    def versions_of(self, target: Target) -> list[Live]:
        pages = self.aws.pages(self.place, "ListVersionsByFunction", {"FunctionName": target.function})
        return [live for page in pages for item in page["Versions"] if (live := self.version(item))]

    def version(self, item: Mapping[str, Any]) -> Live | None:
        if not str(item.get("Version", "")).isdigit():
            return None
        properties = {"configuration": live_configuration(item), "code": {"CodeSha256": item.get("CodeSha256", "")}}
        key = Key(self.target(item["FunctionName"]), "version", item["Version"])
        return Live(key, properties, {name: item[name] for name in HANDLED if name in item})

    def aliases(self, target: Target) -> list[Live]:
        pages = self.aws.pages(self.place, "ListAliases", {"FunctionName": target.function})
        return [
            Live(
                Key(target, "alias", item["Name"]),
                {name: item[name] for name in ("FunctionVersion", "Description", "RoutingConfig") if name in item},
                {name: item[name] for name in ("RevisionId", "AliasArn") if name in item},
            )
            for page in pages
            for item in page["Aliases"]
        ]

    def mappings(self, targets: set[Target], tagged: set[Target]) -> Iterator[Live]:
        names = {target.function: target for target in targets}
        for page in self.aws.pages(self.place, "ListEventSourceMappings", {}):
            for item in page["EventSourceMappings"]:
                target = names.get(item.get("FunctionArn", "::::::").split(":")[6])
                settled = self.settled_mapping(target, item) if target else None
                if target and settled:
                    yield self.mapping(target, settled, target in tagged)

    def settled_mapping(self, target: Target, item: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The mapping once it stands still; None when it was on its way out."""
        if item.get("State") in ("Enabled", "Disabled"):
            return item
        if item.get("State") == "Deleting":
            self.aws.settle(target, "mapping-gone", item)
            return None
        return self.aws.settle(target, "mapping-settled", item)

    def mapping(self, target: Target, item: Mapping[str, Any], has_tags: bool) -> Live:
        properties = mapping_properties(item)
        handle = {name: item[name] for name in MAPPING_HANDLED if name in item}
        if has_tags and "EventSourceMappingArn" in item:
            answer = self.aws.call(self.place, "ListTags", {"Resource": item["EventSourceMappingArn"]})
            tags = {key: value for key, value in answer.result.get("Tags", {}).items() if not key.startswith("aws:")}
            properties["Tags"] = tags
            handle["Tags"] = tags
        return Live(Key(target, "event_source_mapping", item["UUID"]), properties, handle)


def function_live(
    target: Target, configuration: Mapping[str, Any], code: Mapping[str, Any], tags: Mapping[str, str]
) -> Live:
    """GetFunction's answer as a live resource."""
    properties = {
        "configuration": live_configuration(configuration),
        "code": live_code(configuration, code),
        "tags": dict(tags),
    }
    handle = {name: configuration[name] for name in HANDLED if name in configuration}
    return Live(Key(target, "function"), properties, handle | {"Tags": dict(tags)})


def declares_mapping_tags(spec: Spec) -> bool:
    return any("Tags" in item.properties for item in spec.desired if item.key.kind == "event_source_mapping")
