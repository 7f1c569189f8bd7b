"""How the functions of some specs stand: what runs, whether AWS holds what git says, and what was last done. Pure: a snapshot, its plan and
what is known beside them go in, a document comes out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.core.freezes import Freeze, on
from reconciler.core.grouping import by_target, grouped
from reconciler.core.model import Live, Snapshot, Spec, Target
from reconciler.core.plans import Diagnostic, Plan, TargetPlan
from reconciler.core.rollouts import STOPPED
from reconciler.kinds.event_source_mapping import EVENT_SOURCE_MAPPING
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.version import newest_number
from reconciler.report.documents import rollout_document
from reconciler.report.schemas import FORMAT_VERSION, stamp
from reconciler.report.versions import shares

WAITS = "waits for a person"
STANDINGS = ("in sync", "changes", WAITS, "partly compared", "refused", "unread", "orphan")
ASKING = "invoke"  # the run that changes nothing


@dataclass(frozen=True, slots=True)
class Known:
    """What snapshot and plan do not say: what each function was last carried out in, and how much of it AWS moved since; None where
    nobody can tell. `notes` say why."""

    last: Mapping[str, Mapping[str, Any]]
    drift: Mapping[Target, int] | None
    notes: tuple[str, ...] = ()
    freezes: tuple[Freeze, ...] = ()


def last_runs(reports: Iterable[Mapping[str, Any]], addresses: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Of each function the newest run that was about it, of reports that come newest first; no more are read than that takes."""
    wanted, found = set(addresses), dict[str, dict[str, Any]]()
    for report in reports if wanted else ():
        run, provenance = report["run"], report["provenance"]
        for task in report["tasks"] if run["command"] != ASKING else ():
            if task["target"] in wanted:
                wanted.discard(task["target"])
                found[task["target"]] = {
                    "at": run["started_at"],
                    "run": run["id"],
                    "command": run["command"],
                    "outcome": outcome(task["status"]),
                    "commit": None if provenance["dirty"] else provenance["commit"],
                }
        if not wanted:
            break
    return found


def outcome(status: Mapping[str, Any]) -> str:
    """How a task ended, in a word or two."""
    if status["failed"]:
        return "failed" if status["completed"] else "cut off"
    return "completed" if status["completed"] else "not attempted"


def status_document(plan: Plan, snapshot: Snapshot, specs: Iterable[Spec], known: Known) -> dict[str, Any]:
    held = by_target(snapshot.resources)
    notes = grouped(plan.diagnostics, lambda note: note.target)
    files = {spec.target: spec.path for spec in specs}
    planned = {target_plan.target: target_plan for target_plan in plan.targets}
    functions = [
        {
            "address": str(target),
            **_standing(target, planned.get(target), notes.get(target, ()), snapshot),
            **_running(held.get(target, ()), planned.get(target)),
            "last_run": known.last.get(str(target)),
            "drift": None if known.drift is None else known.drift.get(target, 0),
            "file": files.get(target) or None,
            **_frozen(target, known.freezes, snapshot.taken_at),
        }
        for target in sorted({*planned, *plan.orphans})
        if target.root == FUNCTION.name
    ]
    counts = Counter(function["standing"] for function in functions)
    return {
        "format_version": FORMAT_VERSION,
        "kind": "status",
        "taken_at": snapshot.taken_at,
        "summary": {standing.replace(" ", "_"): counts[standing] for standing in STANDINGS},
        "functions": functions,
        "notes": [_placed(note) for note in notes.get(None, ()) if note.severity != "note"] + list(known.notes),
    }


def _frozen(target: Target, freezes: Iterable[Freeze], taken_at: str) -> dict[str, Any]:
    """The freezes that held it when it was looked at, and when the last of them is over."""
    holding = on(freezes, target, datetime.fromisoformat(taken_at)) if freezes else []
    if not holding:
        return {}
    return {"frozen": {"freezes": sorted(freeze.name for freeze, _ in holding), "until": stamp(holding[0][1])}}


def _placed(note: Diagnostic) -> str:
    return f"{note.origin.path}:{note.origin.line}: {note.message}" if note.origin else note.message


def _standing(
    target: Target, planned: TargetPlan | None, notes: Iterable[Diagnostic], snapshot: Snapshot
) -> dict[str, Any]:
    """Whether AWS holds what git says, by the plan's answer, how many resources an apply would change, and why not."""
    changes = sum(action.verb != "none" for action in planned.actions) if planned else 0
    refusals = [note.message for note in notes if note.severity == "refusal"]
    reasons = refusals or [note.message for note in notes if note.left_out]
    if target in snapshot.unread:
        standing, reasons = "unread", [snapshot.unread[target]]
    elif planned is None:
        standing = "orphan"
    else:
        is_stopped = any(action.rollout and action.rollout.course in STOPPED for action in planned.actions)
        left = WAITS if is_stopped else "partly compared" if reasons else "in sync"
        standing = "refused" if refusals else "changes" if changes else left
    return {"standing": standing, "changes": changes, "reasons": reasons}


def _running(held: Iterable[Live], planned: TargetPlan | None) -> dict[str, Any]:
    """What there is of a function, as far as its spec had it read."""
    rollouts = {
        action.key.name: rollout_document(action.rollout)
        for action in (planned.actions if planned else ())
        if action.rollout
    }
    resources = tuple(held)
    function = next((item for item in resources if item.key.kind == FUNCTION.name), None)
    newest = newest_number(resources)
    return {
        "exists": function is not None,
        "state": str(function.handle.get("State", "")) if function else "",
        "newest_version": str(newest) if newest else None,
        "aliases": [
            {
                "name": name,
                "versions": [{"version": number, "share": round(share, 9)} for number, share in versions.items()],
                **({"rollout": rollouts[name]} if name in rollouts else {}),
            }
            for name, versions in sorted(shares(resources).items())
        ],
        "mappings": [
            {
                "source": EVENT_SOURCE_MAPPING.remark(item).removeprefix("of "),
                "state": str(item.handle.get("State", "")),
            }
            for item in resources
            if item.key.kind == EVENT_SOURCE_MAPPING.name
        ],
    }
