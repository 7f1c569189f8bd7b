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
    of its tree undone; both empty where no report tells. `by_target` is newer than `by_place`, account/region, and that than `whole`. The
    others say when those runs were over, `ended` by target or place."""

    last: str = ""
    whole: str = ""
    by_target: Mapping[str, str] = field(default_factory=dict)
    by_place: Mapping[str, str] = field(default_factory=dict)
    ended: Mapping[str, str] = field(default_factory=dict)
    whole_ended: str = ""

    def commit_of(self, address: str) -> str:
        """The commit that a target was last carried out of; empty where no report tells."""
        return self.by_target.get(address) or self.by_place.get(_place(address), self.whole)

    def end_of(self, address: str) -> str:
        """When the run was over that last carried a target out; empty where no report tells."""
        return self.ended.get(address) or self.ended.get(_place(address), self.whole_ended)


def applied(reports: Iterable[Mapping[str, Any]], place: str = "") -> Applied:
    """Of the reports of applies from a clean commit; of others nobody can tell what was carried out. Where a place is named, account/region,
    it is all that is asked about: what was carried out elsewhere alone tells nothing, and a run of it alone is of the whole."""
    known = [report for report in reports if report["run"]["command"] in COMMANDS and _commit(report)]
    known = [report for report in known if not place or _of(report) in ("", place)]
    last, whole, whole_ended = "", "", ""
    by_target, by_place, ended = dict[str, str](), dict[str, str](), dict[str, str]()
    for report in sorted(known, key=lambda report: report["run"]["started_at"]):
        commit, status, of = _commit(report), report["outcome"]["status"], _of(report)
        end = report["run"].get("finished_at") or report["run"]["started_at"]
        if status != "refused":
            last = commit
        is_whole = report["run"]["command"] == WHOLE and status in ("succeeded", "unchanged")
        if is_whole and of in ("", place):
            whole, whole_ended, by_target, by_place, ended = commit, end, {}, {}, {}
            continue
        done = [
            task["target"] for task in report["tasks"] if task["status"]["completed"] and not task["status"]["failed"]
        ]
        if is_whole:
            by_place[of] = commit
            done += [address for address in by_target if _place(address) == of]
            ended[of] = end
        by_target |= dict.fromkeys(done, commit)
        ended |= dict.fromkeys(done, end)
    return Applied(last, whole, by_target, by_place, ended, whole_ended)


def _of(report: Mapping[str, Any]) -> str:
    return str(report["run"].get("place", ""))


def _place(address: str) -> str:
    return "/".join(address.split("/")[:2])


def _commit(report: Mapping[str, Any]) -> str:
    provenance = report["provenance"]
    return "" if provenance["dirty"] else str(provenance["commit"] or "")
