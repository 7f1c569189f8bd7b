"""Documents of shards, an account and region each, as the one that a run of all would have left; and the part that is about one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from reconciler.core.errors import PARTLY, PlanError, StalePlan
from reconciler.core.sealing import checksum, digest
from reconciler.report.documents import summary

Document = Mapping[str, Any]


def within(document: Document, place: str) -> Document:
    """A plan with the targets of one account/region, or with all where none is named."""
    if not place:
        return document
    targets, notes = (
        [one for one in document[name] if (one["address"] or "").startswith(f"{place}/")]
        for name in ("targets", "diagnostics")
    )
    parted = {**document, "targets": targets, "summary": summary(targets, notes)}
    if "costs" in document:
        parted["costs"] = [one for one in document["costs"] if f"{one['account']}/{one['region']}" == place]
    return written(parted)


def plans(documents: Sequence[Document]) -> Document:
    """One plan of several, each of targets of its own, all of one commit and under one reconcile.yaml."""
    first, *others = documents
    if not others:
        return first
    merged = {
        **first,
        "digest": _of_all(document["digest"] for document in documents),
        "snapshot": {
            "taken_at": min(document["snapshot"]["taken_at"] for document in documents),
            "digest": _of_all(document["snapshot"]["digest"] for document in documents),
        },
        "summary": _sums(document["summary"] for document in documents),
        "targets": sorted(_all(documents, "targets"), key=lambda target: str(target["address"])),
        "orphans": sorted({*_all(documents, "orphans")}),
        "diagnostics": _once(_all(documents, "diagnostics")),
    }
    if costs := [*(cost for document in documents for cost in document.get("costs", ()))]:
        merged["costs"] = sorted(costs, key=lambda cost: (cost["account"], cost["region"]))
    if all("in_sync" in document for document in documents):
        merged["in_sync"] = all(document["in_sync"] for document in documents)
    configurations = [document["configuration"] for document in documents if "configuration" in document]
    if configurations:
        accounts = {one["name"]: one for configuration in configurations for one in configuration["accounts"]}
        changes = _once(_all(configurations, "changes"))
        merged["configuration"] = {
            **configurations[0],
            "accounts": [accounts[name] for name in sorted(accounts)],
            "changes": changes,
        }
    return written(merged)


def written(plan: Document) -> Document:
    """A plan as its file has it."""
    return {**plan, "checksum": checksum(plan)}


def reports(documents: Sequence[Document]) -> Document:
    """One report of several: of the run of a workflow that their `group` names."""
    first, *others = documents
    if not others:
        return first
    runs = [document["run"] for document in documents]
    started, ended = min(run["started_at"] for run in runs), [run["finished_at"] for run in runs]
    finished = max(ended) if all(ended) else None
    took = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds() if finished else None
    run = {name: value for name, value in first["run"].items() if name not in ("place", "broken")}
    broken = [one["broken"] for one in runs if "broken" in one]
    if broken:
        names = sorted({name for one in broken for name in one["freezes"]})
        run["broken"] = {"freezes": names, "because": broken[0]["because"]}
    outcomes = [document["outcome"] for document in documents]
    return {
        **first,
        "run": {**run, "started_at": started, "finished_at": finished, "duration_seconds": took},
        "outcome": {
            "status": status([outcome["status"] for outcome in outcomes]),
            "exit_code": exit_code([outcome["exit_code"] for outcome in outcomes]),
        },
        "summary": _sums(document["summary"] for document in documents),
        "tasks": sorted(_all(documents, "tasks"), key=lambda task: (str(task["target"]), task["startTimeMs"] or 0)),
        "exports": [*_all(documents, "exports")],
    }


def status(statuses: Sequence[str]) -> str:
    """What several runs came to together."""
    acted = {one for one in statuses if one != "unchanged"}
    if len(acted) <= 1:
        return next(iter(acted), "unchanged")
    return "partial" if acted & {"succeeded", "partial"} else "failed"


def exit_code(codes: Sequence[int | None]) -> int | None:
    """The one that all have that have any but 0; partly where they differ, and stale where nothing is worse than a refusal."""
    if None in codes:
        return None
    others = {code for code in codes if code}
    if len(others) <= 1:
        return next(iter(others), 0)
    return StalePlan.exit_code if others <= {StalePlan.exit_code, PlanError.exit_code} else PARTLY


def _all(documents: Iterable[Document], name: str) -> Iterator[Any]:
    return (item for document in documents for item in document[name])


def _of_all(digests: Iterable[str]) -> str:
    """Parts of one plan have its own."""
    parts = [*dict.fromkeys(digests)]
    return digest(parts) if len(parts) > 1 else parts[0]


def _once(items: Iterable[Document]) -> list[Document]:
    """What each shard says of all of them stands once."""
    return [*{digest(item): item for item in items}.values()]


def _sums(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """A shard of another version may lack a counter, or have one more."""
    sums: dict[str, int] = {}
    for one in counts:
        sums |= {name: sums.get(name, 0) + count for name, count in one.items()}
    return sums
