"""Plans and validations as JSON documents. Pure; `journal` reads and writes their files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from reconciler.core.cost import Cost
from reconciler.core.later import Later
from reconciler.core.model import Origin
from reconciler.core.packages import Comparison, Package
from reconciler.core.plans import (
    Action,
    Cause,
    Configuration,
    Diagnostic,
    FieldChange,
    GuardChange,
    Plan,
    Settings,
    TargetPlan,
    Verb,
)
from reconciler.core.rollouts import Underway
from reconciler.core.sealing import checksum
from reconciler.core.trail import Who
from reconciler.core.values import KNOWN_AFTER_APPLY, SENSITIVE, UNTOLD, Placeholder, Sealed, Unreadable
from reconciler.report.schemas import FORMAT_VERSION
from reconciler.report.traffic import traffic_moved

UNREADABLE = "$unreadable"  # no member of AWS's, and no key whose value would be a map
VERBS: tuple[Verb, ...] = ("create", "update", "replace", "adopt", "delete")


# --- plan ----------------------------------------------------------------------------------------------------------


def plan_document(plan: Plan, provenance: Mapping[str, Any], costs: Iterable[Cost] = ()) -> dict[str, Any]:
    """The plan as its JSON file has it; holds no secret and no authority. `costs` are those of an apply, where somebody has worked them out."""
    targets = [_target(target_plan) for target_plan in plan.targets]
    diagnostics = [_diagnostic(note) for note in plan.diagnostics]
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "kind": "plan",
        "digest": plan.digest,
        "provenance": dict(provenance),
        "snapshot": {"taken_at": plan.taken_at, "digest": plan.snapshot_digest},
        "in_sync": is_in_sync(plan),
        "summary": summary(targets, diagnostics),
        "targets": targets,
        "orphans": [str(target) for target in plan.orphans],
        "diagnostics": diagnostics,
    }
    if counted := [_cost(cost) for cost in costs]:
        document["costs"] = counted
    if plan.configuration:
        document["configuration"] = configuration_document(plan.configuration)
    return document | {"checksum": Later(lambda: checksum(document))}


def _cost(cost: Cost) -> dict[str, Any]:
    counts = {name: getattr(cost, name) for name in ("account", "region", "changes", "looks")}
    return counts | {"seconds": round(cost.seconds, 1), "is_at_least": cost.is_at_least}


def configuration_document(configuration: Configuration) -> dict[str, Any]:
    """reconcile.yaml as a plan's file has it: what is compared with an approved one, values that may be shown."""
    return {
        "file": configuration.file,
        "digest": configuration.digest,
        "house": _settings(configuration.house),
        "accounts": [{"name": name, **_settings(settings)} for name, settings in configuration.accounts.items()],
        "base": configuration.base,
        "changes": [guard_change_document(change) for change in configuration.changes],
    }


def guard_change_document(change: GuardChange) -> dict[str, Any]:
    return {
        "file": change.file,
        "path": change.path,
        "before": plain(change.before),
        "after": plain(change.after),
        "source": source_document(change.origin),
        "reason": change.reason,
    }


def _settings(settings: Settings) -> dict[str, Any]:
    return {"digest": settings.digest, "values": plain(settings.values)}


def summary(targets: Iterable[Mapping[str, Any]], diagnostics: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many resources get which verb, and the number of AWS calls that takes. Of a refused target nothing will come, so
    it is counted as one that is refused, and its resources are not counted."""
    refused = {note["address"] for note in diagnostics if note["severity"] == "refusal" and note["address"]}
    acted = [target for target in targets if target["address"] not in refused]
    verbs = Counter(action["verb"] for target in acted for action in target["actions"])
    counts: dict[str, int] = {verb: verbs[verb] for verb in VERBS}
    operations = sum(len(target["operations"]) for target in acted)
    return counts | {"unchanged": verbs["none"], "refused": len(refused), "operations": operations}


def is_in_sync(plan: Plan) -> bool:
    """Whether AWS holds what git says: nothing differs, nothing is refused or an orphan, nothing was left out, and nothing
    was judged by another revision's word."""
    acting = any(action.verb != "none" for target_plan in plan.targets for action in target_plan.actions)
    untold = bool(plan.refusals) or any(note.left_out for note in plan.diagnostics)
    is_judged_otherwise = bool(plan.configuration and plan.configuration.changes)
    return not (acting or untold or plan.orphans or is_judged_otherwise)


def _target(target_plan: TargetPlan) -> dict[str, Any]:
    return {
        "address": str(target_plan.target),
        "digest": target_plan.digest,
        "actions": [_action(action) | traffic_moved(action, target_plan.before) for action in target_plan.actions],
        "operations": [
            {"id": item.id, "operation": item.name, "phase": item.phase, "address": str(item.key)}
            for item in target_plan.operations
        ],
        **({"after": [str(target) for target in target_plan.after]} if target_plan.after else {}),
    }


def _action(action: Action) -> dict[str, Any]:
    entry = {
        "address": str(action.key),
        "kind": action.key.kind,
        "verb": action.verb,
        "cause": _cause({change.cause for change in action.changes} or {action.cause}),
        "reason": action.reason,
        "fields": [field_document(change) for change in action.changes],
    }
    package = _package(action.package) if action.package else None
    more = {
        "author": action.author,
        "hidden": action.hidden,
        "source": source_document(action.origin),
        "package": package,
        "who": who_document(action.who) if action.who else None,
        "rollout": rollout_document(action.rollout) if action.rollout else None,
    }
    return entry | {name: value for name, value in more.items() if value}


def rollout_document(underway: Underway) -> dict[str, Any]:
    """Where an alias is on its way to another version."""
    is_rejected = underway.course == "rejected"
    return {
        "status": underway.course,
        **{
            name: getattr(underway, name)
            for name in ("stable", "candidate", "step", "steps", "weight", "since", "not_before")
        },
        "flag": underway.course if underway.course in ("paused", "held") else "",
        "rejected": underway.reason if is_rejected else "",
        "reason": "" if is_rejected else underway.reason,
    }


def who_document(who: Who) -> dict[str, Any]:
    """By whom AWS was changed, or why nobody can tell."""
    if who.unknown:
        return {"unknown": who.unknown}
    told = {name: getattr(who, name) for name in ("at", "name", "session", "type", "via", "event", "event_id")}
    return told | ({"by": "us"} if who.is_ours else {})


def _package(package: Package) -> dict[str, Any]:
    """Its path stands among the fields."""
    more = {"stored_at": package.stored_at, "unseen": package.unseen, "compared": _comparison(package.compared)}
    entry = {"bytes": package.size, "files": package.files, "unpacked_bytes": package.unpacked}
    return entry | {name: value for name, value in more.items() if value}


def _comparison(compared: Comparison | None) -> dict[str, Any] | None:
    if compared is None:
        return None
    files = [{"name": item.name, "before": item.before, "after": item.after} for item in compared.files]
    counts = {"changed": compared.changed, "added": compared.added, "removed": compared.removed}
    return {**counts, "grown_bytes": compared.grown, "files": files}


def _cause(causes: set[Cause | None]) -> Cause | None:
    """One for several: `both` where git and AWS moved something, whatever only the base moved beside it."""
    if len(causes) == 1:
        return causes.pop()
    if None in causes:
        return None
    by_aws, by_git = causes & {"drift", "both"}, causes & {"edit", "both", "unapplied"}
    return "both" if by_aws and by_git else "drift" if by_aws else "edit" if "edit" in causes else "unapplied"


def field_document(change: FieldChange) -> dict[str, Any]:
    entry = {
        "path": change.path,
        "before": plain(change.before),
        "after": plain(change.after),
        "sensitive": change.is_sensitive,
        "known_after_apply": change.after == KNOWN_AFTER_APPLY,
        "cause": change.cause,
        "source": source_document(change.origin),
        "author": change.author,
    }
    more = {"said": change.said, "written": change.written, "by": change.by, "not_told": change.before == UNTOLD}
    return entry | {name: value for name, value in more.items() if value}


def _diagnostic(note: Diagnostic) -> dict[str, Any]:
    entry = {
        "severity": note.severity,
        "message": note.message,
        "address": str(note.target) if note.target else None,
        "source": source_document(note.origin),
        "error": note.error,
    }
    cited = {name: value for name, value in (("rule", note.rule), ("until", note.until)) if value}
    return entry | cited | {name: True for name in ("left_out", "is_standing") if getattr(note, name)}


def source_document(origin: Origin | None) -> dict[str, Any] | None:
    """Where something is written."""
    return {"file": origin.path, "line": origin.line} if origin else None


def plain(value: Any) -> Any:
    """A value as JSON has it: markers as their texts, fingerprints hidden, times in ISO 8601."""
    match value:
        case Placeholder():
            return None if value.text == "(unset)" else value.text
        case Unreadable():
            return {UNREADABLE: {"reason": value.reason}}
        case Sealed():
            return SENSITIVE.text
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case datetime():
            return value.isoformat()
        case _:
            return value


# --- validation ----------------------------------------------------------------------------------------------------


def validation_document(specs: int, targets: int, warnings: Iterable[Diagnostic]) -> dict[str, Any]:
    """What a validation without a mistake says."""
    return {
        "format_version": FORMAT_VERSION,
        "kind": "validation",
        "specs": specs,
        "targets": targets,
        "warnings": [_diagnostic(note) for note in warnings],
    }
