"""A scenario's folder to the plan that comes of it: specs and snapshot by the product's own readers, and nothing else read."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from reconciler.commands import wiring
from reconciler.commands.apply import Orders, compared_with, reviews
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import ReconcileError
from reconciler.core.model import Snapshot, Spec, Target
from reconciler.core.packages import Blob
from reconciler.core.plans import Operation, Plan, Ref
from reconciler.files import packing
from reconciler.plan import approval
from reconciler.plan.approval import Review
from reconciler.plan.cause import with_causes
from reconciler.plan.drift import only_drift
from reconciler.plan.freezes import carried_out, holds, warned
from reconciler.plan.timeline import Moments, Then
from reconciler.report.documents import plain, plan_document
from reconciler.report.formats.text import plan as plan_text
from reconciler.rollout.marker import told
from reconciler.rollout.sending import Described
from reconciler.spec.config import FILE_NAME, load_config
from reconciler.spec.load import load
from reconciler.spec.references import POINTER, Lookup, environment, parsed, resolved

SCENARIOS = Path(__file__).parent / "scenarios"
MOMENTS = ("began", "base", "applied")
SNAPSHOT, TOLD, EXPECTED = "snapshot.json", "scenario.yaml", "expected.txt"
LONGEST = 200  # characters of a text that a call sends, as it is shown


@dataclass(frozen=True, slots=True)
class Told:
    """What scenario.yaml says. `prune`, `adopt`, `drift`, `allow_deletes` and `approve` are the flags. `looked_up` has what references
    stand for, null where that cannot be read; without it nothing is looked up, as offline. `recorded` are targets of whose
    code only an earlier report knows the hash. `local_code` says whether git moved it since the base, null where git does
    not hold it. `applies`: shown is what an apply does in a freeze. A request takes `direct_bytes` of a package, in place of what Lambda takes."""

    prune: bool = False
    adopt: bool = False
    drift: bool = False
    allow_deletes: int | None = None
    approve: str = ""
    looked_up: Mapping[str, str | None] | None = None
    recorded: tuple[str, ...] = ()
    local_code: bool | None = None
    direct_bytes: int = packing.MAX_DIRECT_BYTES
    applies: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a scenario; without a plan where the run ended before there was one."""

    text: str
    plan: Plan | None = None


def names() -> list[str]:
    return sorted(path.name for path in SCENARIOS.iterdir() if path.is_dir())


@cache
def outcome(name: str) -> Outcome:
    """What is planned of a scenario: the text as it is expected, and the plan."""
    limit = told_in(SCENARIOS / name).direct_bytes
    with contextlib.chdir(SCENARIOS / name), patch.object(packing, "MAX_DIRECT_BYTES", limit):
        try:
            plan = planned(Path())
        except ReconcileError as error:
            return Outcome(f"error: {error}\n")
    return Outcome("\n".join(filter(None, (plan_text(plan_document(plan, {})), calls_text(plan)))), plan)


def planned(folder: Path) -> Plan:
    """The plan of the folder, with causes and compared with what was approved where the scenario has those."""
    told = told_in(folder)
    workspace = workspace_of(folder)
    snapshot = snapshot_of(workspace, folder, told)
    reviewed = reviewed_plans(workspace, folder, told)
    workspace = with_values(workspace, snapshot, told)
    plan = wiring.planned(workspace, snapshot, Choices(told.adopt, told.prune, allow_deletes=told.allow_deletes))
    if (folder / "base").is_dir():
        plan = caused(plan, workspace, snapshot, folder, told)
    return frozen(
        compared_with(plan, Orders(Choices(), folder, reviewed or None, digest=told.approve)), workspace, told
    )


def frozen(plan: Plan, workspace: Workspace, told: Told) -> Plan:
    """The plan with what its freezes keep an apply from, when the snapshot was taken; what was last applied is known wherever there is a base."""
    moment = datetime.fromisoformat(plan.taken_at)
    known = {one.target: one for one in plan.targets}
    held = holds(plan, workspace.config.freezes, lambda _: moment, workspace.specs.specs, known)
    return (carried_out if told.applies else warned)(plan, held)


def told_in(folder: Path) -> Told:
    file = folder / TOLD
    return Told(**yaml.safe_load(file.read_text(encoding="utf-8"))) if file.exists() else Told()


def workspace_of(folder: Path) -> Workspace:
    """The folder's specs, which are all that there are."""
    files = sorted(path for path in folder.glob("*.yaml") if path.name not in (FILE_NAME, TOLD))
    places = (folder / FILE_NAME, Path(FILE_NAME), Path("..", FILE_NAME))
    config = load_config(next(place for place in places if place.exists()))
    specs = load(files, config)
    return Workspace(config, specs, paths=(Path(config.path).parent,), written=specs.specs)


def snapshot_of(workspace: Workspace, folder: Path, told: Told) -> Snapshot:
    here = folder / SNAPSHOT
    snapshot = wiring.saved_snapshot(workspace, here if here.exists() else folder.parent / SNAPSHOT)
    known = {
        target: replace(artifact, is_recorded=True) if str(target) in told.recorded else artifact
        for target, artifact in snapshot.artifacts.items()
    }
    return replace(snapshot, artifacts=known)


def reviewed_plans(workspace: Workspace, folder: Path, told: Told) -> list[Review]:
    """What was approved, in order. Raises StalePlan, as an apply does, where all of it was under another configuration."""
    documents = []
    for reviewed in sorted(path for path in folder.glob("approved*") if path.is_dir()):
        then = workspace_of(reviewed)
        snapshot = snapshot_of(then, reviewed, told)
        plan = wiring.planned(with_values(then, snapshot, told), snapshot, Choices(told.adopt, told.prune))
        documents.append(plan_document(plan, {}))
    judged = reviews(workspace, documents)
    approval.require_one_that_holds(judged)
    return judged


def with_values(workspace: Workspace, snapshot: Snapshot, told: Told) -> Workspace:
    """The workspace with the references that scenario.yaml knows, and what it does not as what could not be looked up."""
    if told.looked_up is None:
        return wiring.without_values(workspace, snapshot)
    specs = tuple(referring(spec, snapshot, told.looked_up) for spec in workspace.specs.specs)
    return replace(workspace, specs=replace(workspace.specs, specs=specs))


def referring(spec: Spec, snapshot: Snapshot, looked_up: Mapping[str, str | None]) -> Spec:
    parts = [(name, part) for name, text in environment(spec) for part in parsed(text) if isinstance(part, Lookup)]
    values = {part: value for _, part in parts if (value := looked_up[str(part)]) is not None}
    denied = {f"{POINTER}{name}": f"{spec.target}: {part} cannot be read" for name, part in parts if part not in values}
    return replace(resolved(spec, snapshot.accounts[spec.target.account], values), unresolved=denied)


def caused(plan: Plan, workspace: Workspace, snapshot: Snapshot, folder: Path, told: Told) -> Plan:
    """The plan with causes, by the folders `base`, `began` and `applied`: the base stands for those that there are not. Whoever is
    asked of a line names the line."""
    then = {name: specs_of(folder / name if (folder / name).is_dir() else folder / "base") for name in MOMENTS}

    def at(name: str, target: Target) -> Then:
        came = "by who came since" if name != "applied" else "by who came since it was applied"
        return Then(
            then[name].get(target),
            "by who wrote line {0.line}".format,
            lambda paths: [came],
            lambda path: told.local_code,
        )

    def moments(target: Target) -> Moments:
        return Moments(at("began", target), at("base", target), at("applied", target))

    found = with_causes(plan, moments, workspace.written, live=snapshot.resources)
    return only_drift(found) if told.drift else found


def specs_of(folder: Path) -> dict[Target, Spec]:
    return {spec.target: spec for spec in workspace_of(folder).specs.specs}


# --- what is shown -------------------------------------------------------------------------------------------------


def calls_text(plan: Plan) -> str:
    """The calls that an apply would make, none of what is refused; and which targets wait for which."""
    refused = {note.target for note in plan.diagnostics if note.severity == "refusal"}
    going = [one for one in plan.targets if not {None, one.target} & refused]
    waiting = [f"{one.target} waits for {', '.join(map(str, one.after))}\n" for one in going if one.after]
    return "".join([*(call_text(operation) for one in going for operation in one.operations), *waiting])


def call_text(operation: Operation) -> str:
    """A call with what it sends, and what it must be answered and is waited for."""
    notes = [f"answers {member} {value}" for member, value in operation.expect.items()]
    notes += [f"sends {operation.pin}"] if operation.pin else []
    notes += [f"puts what is packed from {operation.upload.path}"] if operation.upload else []
    notes += [f"sends {operation.smoke.event}"] if operation.smoke else []
    notes += [f"then {wait}" for wait in operation.settle]
    params = json.dumps(shown(operation.params), sort_keys=True, ensure_ascii=False)
    where = f"  ({', '.join(notes)})" if notes else ""
    otherwise = call_text(operation.otherwise) if operation.otherwise else ""
    return f"{operation.id} {operation.name}{where}\n    {params}\n{otherwise}"


def shown(params: Any) -> Any:
    """Params as JSON, with what only an earlier call or the file system can tell in angle brackets."""
    match params:
        case Ref():
            return f"<{params.operation}.{params.member}>"
        case Described():
            candidate = shown(params.candidate)
            marker = replace(params.marker, candidate="0")
            text = str(marker).replace("rollout 0:", f"rollout {candidate}:").replace(told(marker.since), "<now>")
            return f"{params.text} {text}".lstrip()
        case Blob():
            return f"<packed from {params.path}>"
        case Mapping():
            return {str(shown(key)): shown(value) for key, value in params.items()}
        case list() | tuple():
            return [shown(item) for item in params]
        case str() if len(params) > LONGEST:
            return f"{params[:20]}… ({len(params)} characters)"
        case _:
            return plain(params)
