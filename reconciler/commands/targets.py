"""Which accounts and regions a tree of specs is about, each with its number of targets: shards, which know nothing of each other. Asks
AWS nothing.

Order, renames and layers are all within one account and region, and so is what AWS lets us call a second. What only an owner mark tells of
counts where reconcile.yaml prunes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from reconciler.commands.workspaces import Workspace
from reconciler.core.errors import SelectionError, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.model import Spec
from reconciler.core.words import many
from reconciler.report.schemas import FORMAT_VERSION
from reconciler.spec.config import Config
from reconciler.spec.selection import mend

HAS_LOCKS_OF_ITS_OWN = Rule("R313", "What is applied side by side has a lock an account and region.")
MOST_JOBS = 256  # https://docs.github.com/en/actions/reference/limits
FITS_A_MATRIX = Rule("R316", "GitHub Actions runs no more than 256 jobs of a matrix.")
PRUNES_WHERE_IT_SAYS = Rule("R317", "What is pruned side by side is in regions that reconcile.yaml names.")
HAS_NUMBERS = Rule("R315", "Accounts that are applied side by side have their numbers in reconcile.yaml.")


def shards(workspace: Workspace) -> dict[str, int]:
    """account/region → its targets, sorted; with the places where there are none, and may be something to prune."""
    config = workspace.config
    counted = Counter(spec.target.place for spec in workspace.specs.specs)
    pruned = places_of(config) if config.prunes and workspace.is_whole else ()
    return {place: counted[place] for place in sorted({*counted, *pruned})}


def places_of(config: Config) -> Iterable[str]:
    """Those that reconcile.yaml names of accounts that are enabled."""
    enabled = (account for account in config.accounts.values() if account.is_enabled)
    return (f"{account.name}/{region}" for account in enabled for region in account.regions)


def document(workspace: Workspace) -> dict[str, Any]:
    return {"format_version": FORMAT_VERSION, "kind": "targets", "shards": listed(workspace)}


def listed(workspace: Workspace) -> list[dict[str, Any]]:
    parted = ((place.partition("/"), count) for place, count in shards(workspace).items())
    return [{"account": account, "region": region, "targets": count} for (account, _, region), count in parted]


def matrix(workspace: Workspace) -> dict[str, Any]:
    """What `strategy.matrix` of a job in GitHub Actions takes; never an empty one, for a tree has a spec. Raises UnsafePlan where the jobs
    would be in each other's way, too many, or not of all that is pruned."""
    config, places = workspace.config, shards(workspace)
    for require in (require_few, require_locks, require_numbers, require_regions):
        require(config, places)
    return {"include": listed(workspace)}


def require_few(_: Config, places: Collection[str]) -> None:
    if len(places) > MOST_JOBS:
        message = f"there are {len(places)} accounts and regions, and GitHub Actions runs no more than {MOST_JOBS} jobs of a matrix"
        mend = "call the workflow once for each of several folders (`specs`, each with its `name`), or without `shards`"
        raise UnsafePlan(FITS_A_MATRIX.ends(f"{message}; {mend}"))


def require_locks(config: Config, places: Collection[str]) -> None:
    if config.lock and len(config.locks(places)) < len(places):
        message = (
            f"{config.lock} is one lock for {len(places)} jobs side by side, of which all but one would be refused"
        )
        mend = "end it with /{{ account.name }}/{{ region }}"
        raise UnsafePlan(HAS_LOCKS_OF_ITS_OWN.ends(f"{config.path}: {message}; {mend}"))


def require_numbers(config: Config, places: Collection[str]) -> None:
    accounts = sorted({place.partition("/")[0] for place in places})
    unnumbered = [name for name in accounts if not config.accounts[name].account_id]
    if unnumbered and len(accounts) > 1:
        message = f"{config.path}: accounts side by side cannot tell whether two names are one account"
        raise UnsafePlan(HAS_NUMBERS.ends(f"{message}; write accountId of {', '.join(unnumbered)}"))


def require_regions(config: Config, places: Collection[str]) -> None:
    """Or no job is left of a place whose last spec goes, and what it had stays."""
    unnamed = sorted({*places} - {*places_of(config)}) if config.prunes else []
    if unnamed:
        message = f"{config.path} prunes, and {', '.join(unnamed)} would have no job any more once its last spec goes"
        raise UnsafePlan(PRUNES_WHERE_IT_SAYS.ends(f"{message}; write regions of its account"))


def text(workspace: Workspace) -> str:
    """A line a shard."""
    return "".join(f"{place}  {many(count, 'target')}\n" for place, count in shards(workspace).items())


def shard(workspace: Workspace, account: str, region: str) -> Workspace:
    """All that a workspace says of one account and region, which is a whole by itself; the workspace where none is named. Raises
    SelectionError for one that it does not know."""
    if not account and not region:
        return workspace
    unreached = (spec.target.place for spec, _ in workspace.unreached)
    place, known = f"{account}/{region}", {*shards(workspace), *places_of(workspace.config), *unreached}
    if place not in known:
        raise SelectionError(f"no spec is for {place}; {mend(place, known, known)}")

    def own(specs: Iterable[Spec]) -> tuple[Spec, ...]:
        return tuple(spec for spec in specs if spec.target.place == place)

    judgement = workspace.judgement
    if judgement:
        reached = tuple((spec, reason) for spec, reason in judgement.unreached if spec.target.place == place)
        judgement = replace(judgement, unreached=reached)
    specs = replace(workspace.specs, specs=own(workspace.specs.specs))
    return replace(workspace, specs=specs, written=own(workspace.written), judgement=judgement, shard=place)
