"""What the commands share: from paths on the command line to configuration, specs, snapshot and plan.

The edges meet the core here; nothing is decided here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.config import Config, find_config, load_config
from reconciler.errors import Fault, SpecError
from reconciler.model import Diagnostic, Plan, Snapshot, Target
from reconciler.spec import Specs, load

if TYPE_CHECKING:
    from reconciler.aws import Aws
    from reconciler.case import Policy


@dataclass(frozen=True, slots=True)
class Workspace:
    """What the files say: reconcile.yaml and the specs."""

    config: Config
    specs: Specs

    @property
    def accounts(self) -> set[str]:
        return {spec.target.account for spec in self.specs.specs}


def read(paths: Sequence[Path]) -> Workspace:
    """Everything below the paths. Raises SpecError with the faults of reconcile.yaml and of every spec together."""
    faults: list[Fault] = []
    config = None
    try:
        config = load_config(find_config(paths))
    except SpecError as error:
        faults += error.faults
    try:
        specs = load(paths, config)
    except SpecError as error:
        faults += error.faults
    if faults or config is None:
        raise SpecError(faults)
    return Workspace(config, specs)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def connect(config: Config, accounts: Iterable[str], is_stopping: Callable[[], bool] = lambda: False) -> Aws:
    """The seam to AWS. Raises UnsafePlan, before any call, where reconcile.yaml does not enable Lambda."""
    from reconciler.aws import Aws

    config.require_enabled(accounts)
    return Aws(config.accounts, is_stopping=is_stopping)


def live_snapshot(workspace: Workspace, aws: Aws) -> Snapshot:
    from reconciler.fetch import fetch

    return fetch(aws, workspace.specs.specs, taken_at=now(), managed_by=workspace.config.managed_by)


def saved_snapshot(workspace: Workspace, path: Path) -> Snapshot:
    """A snapshot file, with the hashes of local code as it is now. Needs no credentials and no network."""
    from reconciler.artifacts import local_artifact
    from reconciler.report.documents import snapshot_from
    from reconciler.report.journal import load_document

    specs = workspace.specs.specs
    snapshot = snapshot_from(load_document(path, "snapshot"), specs)
    local = {spec.target: found for spec in specs if (found := local_artifact(spec))}
    return replace(snapshot, artifacts={**snapshot.artifacts, **local})


def planned(workspace: Workspace, snapshot: Snapshot, policy: Policy) -> Plan:
    from reconciler.plan import plan
    from reconciler.report.documents import snapshot_digest

    made = plan(workspace.specs.specs, snapshot, policy)
    notes: tuple[Diagnostic, ...] = (*workspace.specs.warnings, *made.diagnostics)
    return replace(made, snapshot_digest=snapshot_digest(snapshot), diagnostics=notes)


def document(plan: Plan, paths: Sequence[Path]) -> dict[str, Any]:
    """The plan with where it was made from."""
    from reconciler.git import provenance
    from reconciler.report.documents import plan_document

    return plan_document(plan, provenance(next(iter(paths), Path())))


def snapshot_file(workspace: Workspace, snapshot: Snapshot) -> dict[str, Any]:
    from reconciler.report.documents import snapshot_document

    return snapshot_document(snapshot, secrets.token_hex(16), workspace.specs.specs)


def refusals(plan: Plan) -> dict[Target, Diagnostic]:
    """The first refusal of each target that must be left alone."""
    found: dict[Target, Diagnostic] = {}
    for note in plan.diagnostics:
        if note.severity == "refusal" and note.target:
            found.setdefault(note.target, note)
    return found
