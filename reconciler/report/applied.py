"""Which commit each target was last carried out of, and when, as reports of applies tell. Pure: documents in, commits out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

WHOLE = "ci apply"  # carries out its whole tree
COMMANDS = ("apply", WHOLE)


@dataclass(frozen=True, slots=True)
class Applied:
    """`last` is the commit of the newest run that may have changed something, `whole` that of the newest one that left nothing
    of its tree undone; both empty where no report tells. `by_target` is newer than `whole` alone. `ended` and `whole_ended` say when those
    runs were over."""

    last: str = ""
    whole: str = ""
    by_target: Mapping[str, str] = field(default_factory=dict)
    ended: Mapping[str, str] = field(default_factory=dict)
    whole_ended: str = ""

    def commit_of(self, address: str) -> str:
        """The commit that a target was last carried out of; empty where no report tells."""
        return self.by_target.get(address, self.whole)

    def end_of(self, address: str) -> str:
        """When the run was over that last carried a target out; empty where no report tells."""
        return self.ended.get(address, self.whole_ended)


def applied(reports: Iterable[Mapping[str, Any]]) -> Applied:
    """Of the reports of applies from a clean commit; of others nobody can tell what was carried out."""
    known = [report for report in reports if report["run"]["command"] in COMMANDS and _commit(report)]
    last, whole, whole_ended = "", "", ""
    by_target, ended = dict[str, str](), dict[str, str]()
    for report in sorted(known, key=lambda report: report["run"]["started_at"]):
        commit, status = _commit(report), report["outcome"]["status"]
        end = report["run"].get("finished_at") or report["run"]["started_at"]
        if status != "refused":
            last = commit
        if report["run"]["command"] == WHOLE and status in ("succeeded", "unchanged"):
            whole, whole_ended, by_target, ended = commit, end, {}, {}
            continue
        done = [
            task["target"] for task in report["tasks"] if task["status"]["completed"] and not task["status"]["failed"]
        ]
        by_target |= dict.fromkeys(done, commit)
        ended |= dict.fromkeys(done, end)
    return Applied(last, whole, by_target, ended, whole_ended)


def _commit(report: Mapping[str, Any]) -> str:
    provenance = report["provenance"]
    return "" if provenance["dirty"] else str(provenance["commit"] or "")
