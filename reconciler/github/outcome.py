"""What became of a merge, as its pull request is told: of its own targets, and how to go on. Pure: documents in, markdown out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.errors import PARTLY, AwsError, Locked, PlanError, ReconcileError, Rejected, SpecError, StalePlan
from reconciler.core.words import many
from reconciler.report.formats.page.text import bold, fitting, inert, named
from reconciler.report.rollouts import sentence

Document = Mapping[str, Any]
NAMES_ROOM = 2_000  # bytes
ROLLOUTS_ROOM = 8_000  # bytes
INTERRUPTED = (130, 143)
MARKS = "🔴🟡🔵🟢"  # of what most needs to be seen first
NOT_AGAIN = "a version that was rejected is not tried again: publish a fix in a new pull request, or say `reconcile rollout retry`"


def of_targets(report: Document, addresses: frozenset[str]) -> dict[str, Any]:
    """The report as far as it is about some targets, with what that part came to."""
    tasks = [task for task in report["tasks"] if task["target"] in addresses]
    done = sum(map(_is_done, tasks))
    refused = sum(_is_refused(task) for task in tasks)
    if done == len(tasks):
        status = "succeeded" if tasks else "unchanged"
    else:
        status = "partial" if done else "refused" if refused == len(tasks) else "failed"
    return {**report, "outcome": {**report["outcome"], "status": status}, "tasks": tasks}


def done(report: Document) -> frozenset[str]:
    """The targets that were carried out."""
    return frozenset(task["target"] for task in report["tasks"] if _is_done(task))


def _is_done(task: Document) -> bool:
    return bool(task["status"]["completed"]) and not task["status"]["failed"]


def _is_refused(task: Document) -> bool:
    return bool(task["status"]["failed"]) and not any(item["started_at"] for item in task["operations"])


def acting(plan: Document) -> frozenset[str]:
    """The targets about which a plan says that something is to be done."""
    return frozenset(target["address"] for target in plan.get("targets", ()) if target["operations"])


def idle(report: Document, addresses: frozenset[str], unreported: frozenset[str]) -> str:
    """The targets, of those that were to be acted on, about which a run found nothing to do: an earlier one did it, or git has changed its
    mind. Empty where there are none; of the places that are `unreported` nobody has looked at any."""
    idle_ones = addresses - {task["target"] for task in report["tasks"]}
    found = sorted(address for address in idle_ones if address.rpartition("/")[0] not in unreported)
    return f"\nNothing was left to do about {named(found, NAMES_ROOM)}.\n" if found else ""


def rollouts(document: Document, addresses: frozenset[str] | None = None) -> str:
    """How rollouts stand that were waited for, of some targets where those are named; empty where there are none."""
    rows = [row for row in document["rollouts"] if addresses is None or target_of(row["address"]) in addresses]
    lines = [f"- {mark(row)} {bold(row['address'])}: {inert(sentence(row))}\n" for row in sorted(rows, key=order)]
    if not lines:
        return ""
    shown = lines[: fitting(lines, ROLLOUTS_ROOM)]
    more = f"- and {len(lines) - len(shown)} more\n" if lines[len(shown) :] else ""
    advice = f"\n{NOT_AGAIN[0].upper()}{NOT_AGAIN[1:]}.\n" if any(row["status"] == "rejected" for row in rows) else ""
    return f"\n**Rollouts**, as this job has left them:\n\n{''.join(shown)}{more}{advice}"


def order(row: Document) -> int:
    return MARKS.index(mark(row))


def target_of(address: str) -> str:
    """Of the address of an alias."""
    return "/".join(address.split("/")[:3])


def mark(row: Document) -> str:
    is_bad = row["status"] == "rejected" or row["failed"]
    is_over = row["status"] in ("done", "none")
    return MARKS[0 if is_bad else 1 if row["needs_person"] else 3 if is_over else 2]


def is_approved_by_hand(exit_code: int) -> bool:
    """Whether a run with this exit code may be followed by one that carries out what is left of its plan."""
    return exit_code in (StalePlan.exit_code, PlanError.exit_code)


def concerned(plans: Sequence[tuple[Document | None, bool]], report: Document) -> list[frozenset[str]]:
    """The targets that each of some pull requests is told about, oldest first: what its plan acts on; of one that is not new, unless a
    later plan acts on it as well. One without a plan is told what no plan acts on, and so is a new one whose plan acts on nothing, or changes
    what judges, for that may ask for it."""
    acted = [acting(plan or {}) for plan, _ in plans]
    nobodys = frozenset(task["target"] for task in report["tasks"]).difference(*acted)
    return [
        (own | nobodys if judges(plan or {}) else own or nobodys)
        if is_new
        else own.difference(*acted[number + 1 :]) if plan else nobodys
        for number, ((plan, is_new), own) in enumerate(zip(plans, acted, strict=True))
    ]  # fmt: skip


def judges(plan: Document) -> bool:
    """Whether a plan changes what judges."""
    return bool(plan.get("configuration", {}).get("changes"))


def how_to_go_on(exit_code: int, digest: str, run_url: str, *, is_by_hand: bool = False) -> str:
    """What helps after a run that did not do all, without a new commit where that is possible; empty after one that did. What was
    approved by hand was the whole of a plan, so what is left of it is approved anew."""
    again = f"re-run the failed jobs of [this run]({run_url})" if run_url else "run this again"
    by_hand = (
        "to have what is left of the plan below done all the same, run the workflow by hand (Actions → Run workflow) with "
        f"`approve` = `{digest}`; it is refused if anything is another by then"
    )
    match exit_code:
        case 0:
            return ""
        case SpecError.exit_code:
            words = "mend the specs in a new pull request"
        case StalePlan.exit_code if digest:
            words = by_hand
        case PlanError.exit_code if digest:
            words = f"mend what is refused in a new pull request; where a freeze holds it, {again} once that is over; where a guard refused the number of deletions, {by_hand}, and `allow-deletes` = that number"
        case StalePlan.exit_code | PlanError.exit_code:
            words = "nothing needs to be done if a newer run has carried this out; else open a new pull request"
        case Rejected.exit_code:
            words = NOT_AGAIN
        case Locked.exit_code:
            words = f"when the other run is over, {again}"
        case AwsError.exit_code:
            words = f"{again} once that is mended; what was done already is not done again"
        case _ if exit_code == PARTLY or exit_code in INTERRUPTED:
            words = f"once that is mended, {by_hand}" if is_by_hand else f"{again}; it goes on where it stopped"
        case ReconcileError.exit_code:
            words = f"this is a fault of ours; the record of the run is in its artifact. You may {again}"
        case _:
            words = again
    return f"\n**To go on**: {words}.\n"


def unseen(problems: Mapping[int, str]) -> str:
    """The pull requests whose plan could not be had, with the reason; empty where all could."""
    if not problems:
        return ""
    lines = [f"#{number}: {problem}" for number, problem in problems.items()]
    return f"{many(len(lines), 'pull request')} without a plan that can be compared: {'; '.join(lines)}"
