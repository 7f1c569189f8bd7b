"""`ci drift`: one issue for each function that AWS holds otherwise than git says, and a snapshot for whoever has no credentials.

It reads, and changes nothing in AWS. An issue is opened only of what was seen several times running; what is not applied yet is no drift.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler.commands import wiring, workspaces
from reconciler.commands.ci.evidence import carried_out
from reconciler.commands.ci.telling import (
    annotate,
    annotating_failures,
    connected,
    hand_on,
    present,
    summarise,
    summary_view,
)
from reconciler.commands.output import say, show, view, warn
from reconciler.commands.plan import of_live
from reconciler.commands.workspaces import Choices, Workspace
from reconciler.core.errors import ForgeError, PlanError, ReportError
from reconciler.core.model import Snapshot
from reconciler.core.sealing import digest
from reconciler.core.words import many
from reconciler.github import kept
from reconciler.github.annotations import Annotation, of_drift
from reconciler.github.drift import (
    LABEL,
    Drift,
    Picture,
    Sighting,
    Step,
    decide,
    done,
    sighted,
    sightings_document,
    sightings_from,
    verdict,
)
from reconciler.github.job import PULL_REQUEST, QUEUE, Job
from reconciler.github.port import Forge
from reconciler.report import formats
from reconciler.report.applied import Applied
from reconciler.report.files import write_result
from reconciler.report.formats.json import document_json
from reconciler.report.formats.page.drifted import drift_page, facts
from reconciler.report.formats.shown import is_acting
from reconciler.report.journal import checked, json_object
from reconciler.report.unguessable import unguessable

SIGHTINGS = "drift.json"
REPORTS = Path("reports")
MOST_STEPS = 100  # of one run: more would take the requests of an hour from the jobs that apply
SPARE = 1_000  # bytes of an issue, for what stands above its page
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The flags: whose artifacts and issues are meant, where the snapshot is left, how many sightings make an issue, and whether it says who
    did it."""

    name: str
    output: Path
    sightings: int
    who: bool = False


def watched(paths: Sequence[Path], wanted: Wanted) -> int:
    """The exit code: drift is told and is no failure; what could not be judged is one."""
    here = present()
    with annotating_failures(here):
        forge = connected(here) if here else None
        workspace = workspaces.read(paths)
        known = carried_out(workspace, forge, wanted.name, here.default_branch, here.base) if here and forge else None
        before = sightings_before(forge, wanted.name, here.default_branch) if here and forge else {}
        live, document = looked_at(workspace, known, Choices(drift=True, who=wanted.who))
    picture = pictured(workspace, live, document)
    sightings = sighted(picture, before)
    write_result(
        wanted.output,
        document_json(wiring.snapshot_file(workspace, unguessable(live, workspace.written, secrets.token_hex(32)))),
    )
    write_result(wanted.output.with_name(SIGHTINGS), document_json(sightings_document(sightings, picture.taken_at)))
    show(formats.plan("text", document, view()))
    annotate(here, of_drift(document, picture.drifted.keys()))
    lines = keep_issues(here, forge, picture, sightings, wanted)
    head = f"{verdict(picture)}\n{lines}\n"
    summarise(here, head + formats.plan("markdown", document, summary_view(beside=len(head.encode()))))
    hand_on(here, {"drifted": str(len(picture.drifted))})
    return PlanError.exit_code if picture.unjudged else 0


# --- what is seen ----------------------------------------------------------------------------------------------------


def looked_at(workspace: Workspace, known: Applied | None, choices: Choices) -> tuple[Snapshot, Document]:
    """What AWS holds, and the plan of what drifted; `known` is what was last applied."""
    aws = wiring.connect(workspace.config, workspace.accounts)
    resolved = wiring.with_values(workspace, aws)
    live = wiring.kept_snapshot(resolved, aws, wiring.looking(REPORTS, choices))
    for reason in live.unnamed.values():
        warn(reason)
    _, document = of_live(resolved, live, choices, folder=REPORTS, aws=aws, known=known)
    return live, document


def pictured(workspace: Workspace, live: Snapshot, document: Document) -> Picture:
    where = replace(view(), room=formats.COMMENT_ROOM - SPARE)
    specified = frozenset(str(spec.target) for spec in workspace.specs.specs)
    unjudged = specified & {note["address"] for note in document["diagnostics"] if note["severity"] == "refusal"}
    drifted = {
        target["address"]: Drift(drift_page(target, where), digest(facts(target)))
        for target in document["targets"]
        if is_acting(target) and target["address"] in specified - unjudged
    }
    return Picture(live.taken_at, drifted, unjudged, specified, workspace.is_whole)


def sightings_before(forge: Forge, name: str, branch: str) -> dict[str, Sighting]:
    """What the run before this one saw. Raises ForgeError where nobody can tell; what is no such document says nothing."""
    content = kept.newest(forge, name, branch, SIGHTINGS)
    try:
        return sightings_from(checked(json_object(content, SIGHTINGS), SIGHTINGS, "drift")) if content else {}
    except ReportError as error:
        warn(f"earlier sightings are not counted: {error}")
        return {}


# --- who is told -----------------------------------------------------------------------------------------------------


def keep_issues(
    here: Job | None, forge: Forge | None, picture: Picture, sightings: Mapping[str, Sighting], wanted: Wanted
) -> str:
    """Take the steps, and tell of each that was taken; what keeps from one is told, and the next run takes it."""
    problem = unkept(here)
    if here is None or forge is None or problem:
        for address in picture.drifted:
            say(f"would keep an issue: Drift: {address} ({problem})")
        return ""
    lines = []
    try:
        issues = forge.issues(LABEL)
        steps = decide(picture, sightings, issues, author=forge.me(), name=wanted.name, after=wanted.sightings)
        for step in steps[:MOST_STEPS]:
            lines.append(done(step, taken(forge, step), here.repository_url))
            say(f"issue {step.verb}: {step.address}")
        if steps[MOST_STEPS:]:
            left = f"kept by the next runs, {MOST_STEPS} each: {many(len(steps) - MOST_STEPS, 'more issue')}"
            annotate(here, [Annotation("notice", left)])
            lines.append(f"- {left}\n")
    except ForgeError as error:
        message = f"issues are not kept: {error}; the summary of this job has what drifted"
        annotate(here, [Annotation("warning", message)])
    return "".join(lines)


def unkept(here: Job | None) -> str:
    """Why a run keeps no issues; nothing where it does. What a change says of drift is no word of the repository's."""
    if here is None:
        return "outside Actions nothing is written"
    if here.event in (PULL_REQUEST, QUEUE) or here.branch != here.default_branch:
        return f"runs on {here.default_branch} keep issues, and no others"
    return "" if here.token else "GITHUB_TOKEN is not set"


def taken(forge: Forge, step: Step) -> int:
    """The number of the issue."""
    if step.verb == "open":
        return forge.open_issue(step.title, step.body, LABEL).number
    forge.edit_issue(step.number, title=step.title, body=step.body, is_open=step.verb != "close")
    return step.number
