"""`ci comment`: the one comment under a pull request, and a check run for what has no room among annotations.

It needs neither the specs nor AWS: what it shows stands in the file that `ci plan` left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.commands.apply import reviewed_plan
from reconciler.commands.ci.left import ended_before, files_of, of_place
from reconciler.commands.ci.telling import annotate, connected, post, present, summarise
from reconciler.commands.output import say, show, view
from reconciler.core.errors import ForgeError
from reconciler.core.words import many
from reconciler.github.annotations import MOST_OF_A_KIND, Annotation, of_plan
from reconciler.github.job import Job, part
from reconciler.github.port import Forge
from reconciler.report import formats, merging
from reconciler.report.files import write_result
from reconciler.report.formats.json import document_json
from reconciler.report.formats.page.text import run_link, small
from reconciler.report.journal import load_document, read_json

FILE = "plan.json"
SPARE = 200  # bytes, for the promise
MOST_MARKED = 500  # lines: ten requests of the thousand that all jobs of a repository may make in an hour


def commented(plan: Path, name: str, output: Path | None, matrix: str) -> None:
    """Tell a pull request what its plan says, or what kept it from being made; of a folder, what the plans of all shards say together, and
    leave those as one in `output`. What keeps from telling is no failure."""
    here = present()
    document, failures = together(plan, matrix) if plan.is_dir() else (left_by_plan(plan), [])
    if output and document.get("kind") == "plan":
        write_result(output, document_json(document))
    page = "\n".join(
        [
            *(formats.of("markdown").error(one, view()) for one in failures),
            page_of(document) if document or not failures else "",
        ]
    )
    if here is None or here.number is None:
        show(page)
        say(
            "would make this the comment of a pull request"
            if here is None
            else "this event is no pull request's, so there is no comment"
        )
        return
    forge = connected(here)
    if forge and (reason := outdated(forge, here, here.number)):
        annotate(here, [Annotation("notice", f"the comment of #{here.number} stays as it is: {reason}")])
        summarise(here, page)
        return
    if not post(here, forge, here.number, name, page):
        summarise(here, page)
    if forge and document.get("kind") == "plan":
        mark_lines(here, forge, name, of_plan(document))


def outdated(forge: Forge, here: Job, number: int) -> str:
    """Why a pull request must not be told what this run shows: it would hide what counts. Empty where it may, or nobody can tell."""
    try:
        request = forge.pull_request(number)
    except ForgeError:
        return ""
    if request.merged_at:
        return "it is merged, and says what became of that"
    is_at_its_tip = request.head == here.head
    return (
        ""
        if is_at_its_tip
        else f"this run is of {here.head[:10]}, and the pull request is at {request.head[:10]} by now"
    )


def left_by_plan(path: Path) -> Mapping[str, Any]:
    """The plan, or the error that kept it from being made; empty where neither was left. Raises ReportError for what is neither."""
    if not path.exists():
        return {}
    return load_document(path, "error") if read_json(path).get("kind") == "error" else reviewed_plan(path)


def together(folder: Path, matrix: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """The plan of all shards, nothing where there is none, and what kept the others from one. Raises ReportError."""
    left = {place: left_by_plan(path) for place, path in files_of(folder, FILE, matrix).items()}
    plans = [one for one in left.values() if one.get("kind") == "plan"]
    failures = [of_place(one or ended_before("a plan"), place) for place, one in left.items() if one not in plans]
    return merging.plans(plans) if plans else {}, failures


def page_of(document: Mapping[str, Any]) -> str:
    match document.get("kind"):
        case "plan":
            return formats.plan("markdown", document, replace(view(), room=formats.COMMENT_ROOM - SPARE)) + promise(
                document
            )
        case "error":
            return formats.of("markdown").error(document, view())
        case _:
            return f"### 🔴 There is no plan: its job ended before it could leave one\n\n{small(run_link(view()))}\n"


def promise(plan: Mapping[str, Any]) -> str:
    """What merging means; nothing of a plan that is refused or has nothing to do."""
    is_refused = any(note["severity"] == "refusal" for note in plan["diagnostics"])
    if is_refused or not plan["summary"]["operations"]:
        return ""
    is_free = part(plan, "configuration", "house", "values").get("/approval") == "none"
    free = "merging applies what differs by then, whether it stands here or not: reconcile.yaml asks for no approval"
    return f"\n{small(free if is_free else 'merging applies exactly this; what is another by then is refused')}\n"


def mark_lines(here: Job, forge: Forge, name: str, annotations: list[Annotation]) -> None:
    """All annotations of a plan as a check run, where there are more than the runner takes; it never fails."""
    at_lines = sorted((one for one in annotations if one.file and one.line), key=lambda one: not one.is_edited)
    if len(at_lines) <= MOST_OF_A_KIND:
        return
    marked, title = at_lines[:MOST_MARKED], many(len(at_lines), "line")
    summary = "What each changed line does to AWS."
    if len(marked) < len(at_lines):
        title, summary = (
            f"{len(marked)} of {title}",
            f"{summary} The comment and the summary of the plan's job say the rest.",
        )
    try:
        forge.check(here.head, f"reconcile lines ({name})", title, summary, "neutral", marked)
    except ForgeError as error:
        annotate(here, [Annotation("warning", f"{title} are not marked: {error}")])
