"""What the commands share: from what the files say to what AWS holds, and to the plan.

The edges meet the core here; nothing is decided here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sized
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands.progress import Told, following, phase, reading
from reconciler.commands.workspaces import Choices, Workspace, marked_places, places, warnings
from reconciler.core.errors import AwsError, SpecError, UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.model import Snapshot, Spec, Target
from reconciler.core.packages import Artifact
from reconciler.core.place import Place
from reconciler.core.plans import Configuration, Diagnostic, Plan
from reconciler.spec.config import Config
from reconciler.spec.load import load

if TYPE_CHECKING:
    from reconciler.aws.client import Aws
    from reconciler.files.packages import Packages
    from reconciler.snapshot.artifacts import Looking

PARTS = 16  # of a tree, each of which may turn out to be new
IS_ONE_ACCOUNT_A_NAME = Rule("R244", "The credentials of two account names are not those of one account.")
IS_OF_THE_ACCOUNT = Rule("R245", "A saved snapshot was taken of the accounts that reconcile.yaml means.")
PRUNES_WHAT_IT_KNOWS = Rule("R246", "--prune has an owner mark, the whole tree of specs, and a list of all functions.")


def now() -> str:
    from reconciler.report.schemas import stamp

    return stamp(datetime.now(UTC))


def connect(config: Config, accounts: Iterable[str], is_stopping: Callable[[], bool] = lambda: False) -> Aws:
    """The seam to AWS. Raises UnsafePlan, before any call, where reconcile.yaml does not enable Lambda."""
    from reconciler.aws.client import Aws

    config.require_enabled(accounts)
    return Aws(config.accounts, is_stopping=is_stopping)


def looking(folder: Path, choices: Choices, packages: Packages | None = None) -> Looking:
    """How code is looked at: packed once, for who sends it, too; of which S3 keeps no hash, by the reports of a folder, which are
    read when one is met."""
    from reconciler.files.packages import Packages
    from reconciler.report.sent import documents, hashes
    from reconciler.snapshot.artifacts import Looking

    known = cache(lambda: hashes(documents(folder)))
    return Looking(lambda pin: known().get(pin, ""), choices.download_code, (packages or Packages()).packed)


def live_snapshot(
    workspace: Workspace, aws: Aws, look: Looking | None = None, naming: Collection[Place] = ()
) -> Snapshot:
    """What AWS holds of the specs' targets; with an owner mark and the whole tree of specs, of every marked function. Of the places
    in `naming` the names of all functions, too."""
    from reconciler.snapshot.artifacts import Looking
    from reconciler.snapshot.estimate import expected_calls
    from reconciler.snapshot.fetch import fetch
    from reconciler.snapshot.missing import Missing
    from reconciler.snapshot.secrets import keep_secret

    keep_secret(aws, workspace.specs.specs)
    mark, everywhere = workspace.config.managed_by if workspace.is_whole else "", marked_places(workspace)
    missing = Missing()
    calls = partial(expected_calls, workspace.specs.specs, marked=everywhere, naming=naming, missing=missing)
    with following(counting(aws, as_known(calls, missing, len(workspace.specs.specs)))):
        return fetch(
            aws, workspace.specs.specs, taken_at=now(), managed_by=mark, places=everywhere, naming=naming,
            looking=look or Looking(), missing=missing,
        )  # fmt: skip


Expected = Callable[[], Mapping["Place", Mapping[str, int]]]


def as_known(calls: Expected, missing: Sized, of: int) -> Expected:
    """Worked out anew each time that a part more is known to be missing: of thousands that takes a while."""
    at_once = max(1, of // PARTS)
    worked_out = cache(lambda _: calls())
    return lambda: worked_out(len(missing) // at_once)


def counting(aws: Aws, calls: Expected) -> Told:
    """How far reading is, where calls are counted; how many there will be is asked once it takes long. Accounts are known by their
    numbers once AWS was asked for them."""

    def expected() -> dict[tuple[str, str, str], int]:
        each = ((place, quota, count) for place, counts in calls().items() for quota, count in counts.items())
        return {(aws.owner(place.account), place.region, quota): count for place, quota, count in each}

    def names() -> dict[str, str]:
        return {aws.owner(place.account): place.account for place in calls()}

    return reading(aws.schedule.traffic, names, expected) if aws.schedule.calls_per_second else phase("reading")


def kept_snapshot(workspace: Workspace, aws: Aws, look: Looking) -> Snapshot:
    """What AWS holds, for who asks later, of a spec that may be new then; of what was chosen no more is asked than is there."""

    chosen = {Place.of(spec.target) for spec in workspace.specs.specs}
    return live_snapshot(workspace, aws, look, chosen if workspace.is_chosen else places(workspace))


def with_values(workspace: Workspace, aws: Aws) -> Workspace:
    """The workspace with references to SSM and Secrets Manager resolved."""
    from reconciler.spec.lookups import with_values as resolve

    return _with_specs(workspace, resolve(aws, workspace.specs.specs))


def without_values(workspace: Workspace, snapshot: Snapshot) -> Workspace:
    """The workspace offline: what would have to be looked up is left out of the comparison, and spoken of. Where AWS holds
    no such variable yet, it is new whatever its value."""
    from reconciler.spec.references import environment, resolved

    specs, notes = [], []
    for spec in workspace.specs.specs:
        offline = spec
        if any(environment(spec)):
            offline = resolved(spec, snapshot.accounts.get(spec.target.account, ""), {})
            unknown = set(offline.ignore) - set(spec.ignore)
            compared = {path for path in unknown if not _is_held(snapshot, spec.target, path)}
            offline = replace(offline, ignore=tuple(path for path in offline.ignore if path not in compared))
            notes += [_not_looked_up(spec, path) for path in sorted(unknown - compared)]
        specs.append(offline)
    annotated = replace(workspace.specs, warnings=(*workspace.specs.warnings, *notes))
    return _with_specs(replace(workspace, specs=annotated), tuple(specs))


def _is_held(snapshot: Snapshot, target: Target, path: str) -> bool:
    from reconciler.core.diff import steps_of, value_at
    from reconciler.core.values import UNSET

    function = (item for item in snapshot.resources if item.key.target == target and item.key.kind == "function")
    return any(value_at(item.properties, steps_of(path)) is not UNSET for item in function)


def _not_looked_up(spec: Spec, path: str) -> Diagnostic:
    name = path.rpartition("/")[2]
    message = f"{spec.target}: {name} refers to a value that is not looked up offline, so it is not compared"
    return Diagnostic("note", message, spec.target, spec.origins.get(path), left_out=True)


def _with_specs(workspace: Workspace, specs: tuple[Spec, ...]) -> Workspace:
    return replace(workspace, specs=replace(workspace.specs, specs=specs))


def saved_snapshot(workspace: Workspace, path: Path) -> Snapshot:
    """A snapshot file, with the hashes of local code as it is now. Needs no credentials and no network."""
    from reconciler.files.packages import Packages
    from reconciler.report.journal import load_document
    from reconciler.report.snapshots import snapshot_from
    from reconciler.snapshot.local_code import local_artifact

    specs = workspace.specs.specs
    snapshot = snapshot_from(load_document(path, "snapshot"), specs)
    for name, number in sorted(snapshot.accounts.items()):
        wanted = workspace.config.accounts[name].account_id if name in workspace.config.accounts else ""
        if wanted not in ("", number):
            message = f"account {name} is {wanted} in reconcile.yaml, but {path} was taken of {number}; take it anew"
            raise UnsafePlan(IS_OF_THE_ACCOUNT.ends(message))
    packages = Packages()
    local = {
        spec.target: artifact
        for spec in specs
        if (artifact := local_artifact(spec, packages.packed))
        and ("path" in spec.code or not is_resolved(snapshot.artifacts.get(spec.target)))
    }
    return replace(snapshot, artifacts={**snapshot.artifacts, **local})


def is_resolved(artifact: Artifact | None) -> bool:
    return artifact is not None and bool(artifact.sha256 or artifact.problem)


def planned(workspace: Workspace, snapshot: Snapshot, choices: Choices, aws: Aws | None = None) -> Plan:
    """The plan as the flags want it. Raises UnsafePlan when they may not be had. Without `aws` nothing is known of the
    house beyond the snapshot."""
    from reconciler.plan.case import Policy
    from reconciler.plan.guards import DELETES_NO_MORE_THAN_ALLOWED, pruning
    from reconciler.plan.plan import orphans as orphans_of
    from reconciler.plan.plan import plan
    from reconciler.report.snapshots import snapshot_digest

    require_one_name_an_account(snapshot.accounts)
    under = configuration(workspace, snapshot.accounts)
    access = {name: settings.digest for name, settings in under.accounts.items()}
    stores = workspace.config.stores(spec.target for spec in workspace.specs.specs)
    policy = Policy(workspace.config.managed_by, choices.adopt, access, stores)
    specs = [*workspace.specs.specs, *(spec for spec, _ in workspace.unreached)]
    unreached = {spec.target: reason for spec, reason in workspace.unreached}
    snapshot = replace(snapshot, unread={**snapshot.unread, **unreached})
    if choices.prune or (workspace.config.prunes and workspace.is_whole):
        require_prunable(workspace)
        require_listed(snapshot)
        specs += pruning(orphans_of(specs, snapshot, policy.managed_by))
    with following(phase("comparing")):
        made = plan(specs, snapshot, policy, beside=workspace.written if workspace.is_all_read else None)
    orphans = made.orphans if workspace.is_whole else ()  # of a part of the tree nobody can tell
    notes = (*warnings(workspace.specs, snapshot.taken_at), *made.diagnostics)
    made = replace(
        made, snapshot_digest=snapshot_digest(snapshot), diagnostics=notes, orphans=orphans, configuration=under
    )
    if aws is not None:
        from reconciler.snapshot import beginnings, reserving
        from reconciler.snapshot.belongings import lost

        with following(counting(aws, cache(partial(beginnings.calls, made, specs)))):
            notes = (
                *made.diagnostics,
                *lost(aws, made),
                *beginnings.told(aws, made, specs),
                *reserving.told(aws, made, specs),
            )
        made = replace(made, diagnostics=notes)
    guarded = guard_problem(workspace, made, snapshot, choices, aws)
    if guarded:
        note = DELETES_NO_MORE_THAN_ALLOWED.cited(Diagnostic("refusal", guarded, error=UnsafePlan.__name__))
        made = replace(made, diagnostics=(*made.diagnostics, note))
    return made


def looked_into(made: Plan, choices: Choices, aws: Aws | None) -> Plan:
    """The plan with what differs in the packages that it sends; as it is where nobody can be asked."""
    if aws is None:
        return made
    from reconciler.snapshot.packages import looked_into as with_files

    return with_files(aws, made, is_asked=choices.download_code)


def guard_problem(workspace: Workspace, made: Plan, snapshot: Snapshot, choices: Choices, aws: Aws | None) -> str:
    """Why the guards refuse the run, or nothing. A percentage is one of the whole house, which is asked for only where the
    part that was read would be refused: more functions never make the percentage greater."""
    from reconciler.plan.guards import living, problem

    guards, read = workspace.config.guards, living(snapshot)

    def judged(house: frozenset[Target]) -> str:
        return problem(made, house, guards, allowed=choices.allow_deletes, permitted=choices.permitted)

    reason = judged(read)
    if not reason or aws is None or workspace.is_whole or guards.max_delete_percent is None:
        return reason
    return judged(read | functions_elsewhere(workspace, aws, read))


def functions_elsewhere(workspace: Workspace, aws: Aws, read: frozenset[Target]) -> frozenset[Target]:
    """Functions of the house that live beyond those that were read: of the specs below the folder of reconcile.yaml, and
    those that bear our mark. None where that cannot be told, so that a guard rather refuses."""
    from reconciler.plan.guards import living
    from reconciler.snapshot.fetch import fetch

    config = workspace.config
    try:
        specs = load([Path(config.path).parent], workspace.own).specs
        enabled = {name for name, account in config.accounts.items() if account.is_enabled}
        bare = [
            Spec(spec.target, "", (), frozenset())
            for spec in specs
            if spec.target.root == "function" and spec.target not in read and spec.target.account in enabled
        ]
        where = places(workspace) if config.managed_by else ()
        return living(fetch(aws, bare, taken_at=now(), managed_by=config.managed_by, places=where))
    except (SpecError, AwsError):
        return frozenset()


def configuration(workspace: Workspace, numbers: Mapping[str, str]) -> Configuration:
    """reconcile.yaml as the plan carries it; `numbers` are those of the accounts that were asked."""
    from reconciler.spec.settings import configuration as configuration_of

    reached = {name: numbers.get(name, "") for name in {*workspace.accounts, *numbers} & {*workspace.config.accounts}}
    under = configuration_of(workspace.own, reached, by=workspace.config)
    judged = workspace.judgement
    return replace(under, base=judged.base, changes=judged.changes) if judged else under


def require_one_name_an_account(numbers: Mapping[str, str]) -> None:
    """Raises UnsafePlan where the credentials of two accounts of reconcile.yaml turn out to be those of one."""
    names: dict[str, str] = {}
    for name, number in sorted(numbers.items()):
        if number in names:
            message = (
                f"accounts {names[number]} and {name} are both {number}, so each function would have two owners; "
                "keep one of the names, or give each its own profile or assumeRole"
            )
            raise UnsafePlan(IS_ONE_ACCOUNT_A_NAME.ends(message))
        names[number] = name


def require_marked(workspace: Workspace) -> None:
    if not workspace.config.managed_by:
        message = f"{workspace.config.path}: --prune deletes what bears our mark, and there is none; write managedBy"
        raise UnsafePlan(PRUNES_WHAT_IT_KNOWS.ends(message))


def require_prunable(workspace: Workspace) -> None:
    require_marked(workspace)
    if not workspace.is_whole:
        root = Path(workspace.config.path).parent
        message = f"--prune needs the whole tree of specs, or what it does not see would count as dropped: give {root}"
        raise UnsafePlan(PRUNES_WHAT_IT_KNOWS.ends(message))


def require_listed(snapshot: Snapshot) -> None:
    if snapshot.unlisted:
        place, reason = min(snapshot.unlisted.items())
        message = f"--prune cannot tell what {place} holds without a spec: {reason}; nothing was changed"
        raise UnsafePlan(PRUNES_WHAT_IT_KNOWS.ends(message))


def snapshot_file(workspace: Workspace, snapshot: Snapshot) -> dict[str, Any]:
    from reconciler.report.snapshots import snapshot_document

    return snapshot_document(snapshot, secrets.token_hex(16), workspace.specs.specs)
