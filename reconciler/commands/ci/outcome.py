"""`ci outcome`: what became of a merge that each account and region has carried out by itself, told as of one run.

It needs neither the specs nor AWS: what it tells stands in the files that `ci apply` left. What became of the whole decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.commands.apply import as_written
from reconciler.commands.ci.evidence import Seen
from reconciler.commands.ci.left import ended_before, files_of, of_place
from reconciler.commands.ci.telling import connected, present
from reconciler.commands.ci.told import Run, outcome_view, tell_of_failure, tell_requests
from reconciler.commands.output import say, show, view
from reconciler.core.errors import ReportError
from reconciler.github.port import PullRequest
from reconciler.report import formats, merging
from reconciler.report.files import write_result
from reconciler.report.formats.json import document_json
from reconciler.report.journal import checked, load_document
from reconciler.report.records import STAMP

Document = Mapping[str, Any]
FILE = "outcome.json"


def told(folder: Path, reports: Path, name: str, matrix: str) -> None:
    """Tell what the outcomes below a folder say; their reports are left in `reports`, for the runs after this one. Raises ReportError where
    there is none, or one that is not as it was written."""
    here = present()
    outcomes = [outcome_in(path, place) for place, path in files_of(folder, FILE, matrix).items()]
    if not outcomes:
        raise ReportError(f"{folder}: no job has left an outcome; theirs say what kept them from it")
    made = [one["report"] for one in outcomes if one["report"]]
    for one in made:
        reports.mkdir(parents=True, exist_ok=True)
        write_result(reports / named(one), document_json(one))
    plans = [one["plan"] for one in outcomes if one["plan"]]
    exit_code = merging.exit_code([one["exit_code"] for one in outcomes]) or 0
    left = " ".join(one["left"] for one in outcomes if one["left"] and one["exit_code"])
    if here is None:
        show("".join(formats.of("text").report(one, view()) for one in made))
        say("outside Actions nobody is told")
        return
    run = Run(
        here, name, connected(here), is_by_hand=any(one["is_by_hand"] for one in outcomes),
        merged=requests(outcomes), plan=merging.plans(plans) if plans else {},
        unreported=frozenset(one["place"] for one in outcomes if not one["report"]),
    )  # fmt: skip
    errors = [one for one in outcomes if one["error"]]
    if made:
        beside = "".join(map(failure, errors))
        tell_requests(run, merging.reports(made), exit_code, left, beside, together(outcomes))
    else:
        first = errors[0]["error"]
        messages = [message for one in errors for message in of_place(one["error"], one["place"])["messages"]]
        tell_of_failure(run, {**first, "messages": messages}, exit_code, left)


def together(outcomes: Iterable[Document]) -> Document | None:
    """The rollouts that any of them waited for."""
    waited = [one["rollouts"] for one in outcomes if one.get("rollouts")]
    rows = [row for document in waited for row in document["rollouts"]]
    return {**waited[0], "rollouts": rows} if rows else None


def outcome_in(path: Path, place: str) -> Document:
    """An outcome with all that stands in it as it was written; that there is none of a job that left none. Raises ReportError."""
    if not path.exists():
        error = ended_before("what became of it")
        return {
            "place": place,
            "error": error,
            **dict.fromkeys(("plan", "report")),
            "exit_code": 1,
            "left": "",
            "is_by_hand": False,
            "requests": [],
        }
    outcome = load_document(path, "outcome")
    for plan in (outcome["plan"], *(request["plan"] for request in outcome["requests"])):
        if plan:
            as_written(plan, str(path))
    for kind in ("report", "error", "rollouts"):
        if outcome.get(kind):
            checked(outcome[kind], str(path), kind)
    return outcome


def requests(outcomes: Iterable[Document]) -> list[Seen]:
    """The pull requests that any of them speaks of, oldest first, each with all that it showed."""
    found: dict[int, list[Document]] = {}
    for request in (request for outcome in outcomes for request in outcome["requests"]):
        found.setdefault(request["number"], []).append(request)
    return [seen(number, told_of) for number, told_of in found.items()]


def seen(number: int, told_of: Sequence[Document]) -> Seen:
    plans = [one["plan"] for one in told_of if one["plan"]]
    return Seen(
        PullRequest(number, "", "", "", is_fork=False), merging.plans(plans) if plans else None,
        next((one["problem"] for one in told_of if one["problem"]), ""), any(one["is_new"] for one in told_of),
    )  # fmt: skip


def failure(outcome: Document) -> str:
    """What kept one from a report, as markdown."""
    return "\n" + formats.of("markdown").error(of_place(outcome["error"], outcome["place"]), outcome_view())


def named(report: Document) -> str:
    """The name of a report's file: by the moment when its run began, and the run. Raises ReportError for a run that no file can be of."""
    run = report["run"]
    if not re.fullmatch("[0-9A-Za-z]{1,40}", run["id"]):
        raise ReportError("a report is of a run whose id is none; nothing was told")
    return f"{datetime.fromisoformat(run['started_at']).strftime(STAMP)}-{run['id']}.json"
