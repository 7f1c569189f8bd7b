"""The seed's list: every function of some accounts and regions as JSON objects in lowerCamelCase."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from reconciler.commands import wiring, workspaces
from reconciler.commands.naming import functions_of
from reconciler.commands.output import warn
from reconciler.commands.progress import following
from reconciler.core.errors import SpecError
from reconciler.core.grouping import by_target
from reconciler.core.model import Live, Snapshot, Spec, Target
from reconciler.core.place import Place
from reconciler.core.sealing import sealed
from reconciler.kinds.base import Kind
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS, NAMED_SECTIONS
from reconciler.report.results import camel
from reconciler.spec.config import Config, find_config, load_config
from reconciler.spec.selection import matches, mend, unknown

FIELDS = (
    "CodeSha256", "CodeSize", "DeadLetterConfig", "Description", "Environment", "FunctionArn", "FunctionName", "Handler",
    "KMSKeyArn", "LastModified", "MasterArn", "MemorySize", "RevisionId", "Role", "Runtime", "Timeout", "TracingConfig",
    "Version", "VpcConfig",
)  # fmt: skip
# What the seed did not list: a caller who may not read it still gets the list.
OPTIONAL = frozenset(KINDS) - {"function", "version", "alias", "event_source_mapping"}
SEED_SPELLING = {"KMSKeyArn": "kmskeyArn"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What of all functions is asked for: of an account, a region, of one very name; of names, addresses or patterns any is met. The paths
    say where reconcile.yaml is."""

    paths: tuple[Path, ...]
    names: Sequence[str] = ()
    account: str | None = None
    region: str | None = None
    name: str | None = None

    def has(self, target: Target) -> bool:
        parts = ((self.account, target.account), (self.region, target.region), (self.name, target.function))
        return all(wanted in (None, part) for wanted, part in parts) and (
            not self.names or any(matches(word, target) for word in self.names)
        )


def listed(filters: Filters, snapshot: Path | None) -> list[dict[str, Any]]:
    """The functions that match every filter given, sorted; [] when none does."""
    if snapshot:
        from reconciler.report.journal import load_document
        from reconciler.report.snapshots import snapshot_from

        held = snapshot_from(load_document(snapshot, "snapshot"), ())
        return [item for item in items(held) if filters.has(target_of(item))]
    config = load_config(find_config(filters.paths))
    places = list(_places(config, filters.paths, filters.account, filters.region))
    if not places:
        warn(nowhere(config, filters))
        return []
    aws = wiring.connect(config, {place.account for place in places})
    from reconciler.snapshot.fetch import fetch

    specs, there = list[Spec](), set[Target]()
    for place in places:
        aws.account_id(place)
        names = (
            [filters.name]
            if filters.name
            else [f["FunctionName"] for page in aws.pages(place, "ListFunctions", {}) for f in page["Functions"]]
        )
        targets = [Target(place.account, place.region, function) for function in names]
        there.update(targets)
        specs += [Spec(target, "", (), frozenset()) for target in targets if filters.has(target)]
    with following(wiring.counting(aws, lambda: {place: {} for place in places})):
        held = fetch(aws, specs, taken_at=wiring.now(), kinds=frozenset(KINDS), optional=OPTIONAL)
    if filters.name and not (held.resources or held.unread):
        there = {target for path in filters.paths for target in functions_of(path, config)}
    for word in missed(filters, there):
        warn(word)
    for reason in (*held.unread.values(), *filter(None, held.invoked.values())):
        click.echo(f"warning: {reason}", err=True)
    return list(items(held))


def missed(filters: Filters, known: Collection[Target]) -> Iterator[str]:
    """The names that were asked for and that nothing known has, each with what may be meant."""
    for word in (*filters.names, *([filters.name] if filters.name else ())):
        if known and not any(matches(word, target) for target in known):
            yield unknown(word, known, "in the places that are asked AWS has no function")


def nowhere(config: Config, filters: Filters) -> str:
    """Why there is no place to be asked, and what helps."""
    if filters.account and filters.account not in config.accounts:
        return (
            f"{config.path} has no account {filters.account}; {mend(filters.account, config.accounts, config.accounts)}"
        )
    asked = [account for account in config.accounts.values() if filters.account in (None, account.name)]
    regions = sorted({region for account in asked for region in account.regions})
    if filters.region and regions:
        return f"{config.path} has no region {filters.region} there; {mend(filters.region, regions, regions)}"
    names = ", ".join(account.name for account in asked)
    return f"no region of {names} is known; write `regions` in {config.path}, or give --region with --account"


def target_of(item: Mapping[str, Any]) -> Target:
    return Target(item["accountName"], item["region"], item["functionName"])


def _places(config: Config, paths: Sequence[Path], account: str | None, region: str | None) -> Iterator[Any]:
    """Enabled accounts with the regions that reconcile.yaml or, where it says none, the specs name."""

    named: set[tuple[str, str]] = set()
    if any(not configured.regions for configured in config.accounts.values()):
        try:
            named = {(spec.target.account, spec.target.region) for spec in workspaces.read(paths).specs.specs}
        except SpecError:
            named = set()
    for configured in config.accounts.values():
        if account not in (None, configured.name) or not (configured.is_enabled or account):
            continue
        regions = (
            configured.regions or sorted(r for a, r in named if a == configured.name) or ((region,) if region else ())
        )
        yield from (Place(configured.name, r) for r in regions if region in (None, r))


def items(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    beside = by_target(snapshot.resources)
    for live in snapshot.resources:
        if live.key.kind == FUNCTION.name:
            target = live.key.target
            scope = frozenset(KINDS) if snapshot.scope is None else snapshot.scope.get(target, frozenset())
            read = {name.partition("/")[0] for name in scope}
            told = {other.key.kind for other in beside[target]}
            hidden = (
                OPTIONAL - told if snapshot.invoked.get(target) else frozenset()
            )  # one of them, and nobody says which
            yield item(live, beside[target], (frozenset(KINDS) - read) | hidden)


def item(live: Live, beside: Iterable[Live], unread: frozenset[str]) -> dict[str, Any]:
    """One function with the seed's fields, null where AWS holds nothing, its tags, and what there is of every other kind; null for
    kinds that were not read."""
    redacted = sealed(live.properties, FUNCTION.is_sensitive, "hidden")
    facts = {**redacted["configuration"], **live.handle, "FunctionName": live.key.target.function}
    entry: dict[str, Any] = {"accountName": live.key.target.account, "region": live.key.target.region}
    entry |= {SEED_SPELLING.get(field, camel(field)): _camelled(facts.get(field)) for field in FIELDS}
    sections = {
        camel_of(kind.section): None
        if kind.name in unread
        else _section([_camelled(kind.listed(other)) for other in _ordered(beside, kind)], kind)
        for kind in map(KINDS.__getitem__, NAMED_SECTIONS.values())
    }
    return dict(sorted(entry.items())) | dict(sorted({"tags": dict(live.handle.get("Tags", {})), **sections}.items()))


def _section(entries: list[Any], kind: Kind) -> Any:
    """The list of them; of what a function has one of at the most that one, or null."""
    return next(iter(entries), None) if kind.is_single else entries


def _ordered(beside: Iterable[Live], kind: Kind) -> list[Live]:
    """The resources of a kind by name, numbers as such."""
    names = [other for other in beside if other.key.kind == kind.name]
    return sorted(names, key=lambda other: (int(other.key.name) if other.key.name.isdigit() else 0, other.key.name))


def camel_of(section: str) -> str:
    first, *rest = section.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _camelled(value: Any, *, is_map: bool = False) -> Any:
    from reconciler.report.documents import plain

    if isinstance(value, dict):
        maps = ("Variables", "AdditionalVersionWeights", "Tags", "Endpoints", "policies", "scheduled")
        return {key if is_map else camel(key): _camelled(inner, is_map=key in maps) for key, inner in value.items()}
    if isinstance(value, list):
        return [_camelled(inner) for inner in value]
    return plain(value)
