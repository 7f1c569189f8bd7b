"""What is wrong with a workflow of GitHub Actions that runs reconcile: who gets which rights, and what an apply must be sure of. Pure.

One small rule a check. Of the jobs of a reusable workflow that it calls nothing is said: those are checked where that is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.errors import Fault
from reconciler.core.finding import Check, Finding, Rule, part
from reconciler.github.condition import IN_THE_TREE, may_be_a_forks
from reconciler.github.workflow import Workflow, names, pins

IS_APART = Rule("R068", "A workflow that runs reconcile lends the text of a pull request none of the house's rights.")
IS_ORDERLY = Rule("R069", "A workflow that runs reconcile applies in order, to the end, and only what was approved.")

ASKING_AWS = frozenset({"plan", "apply", "drift"})
LEAST_DIGITS = 3  # different ones in a commit's name; what has fewer stands for a name that is still to be written
INSTALLING = re.compile(r"\bpip3?\s+install\b(.*)")
OF_THE_TREE = re.compile(r"\s(?:-e\b|--editable\b|\.{1,2}(?=[/\[\s\"']|$))")


def faults(of: Workflow) -> list[Fault]:
    """Every mistake, in the order of the lines."""
    found = [finding for check in CHECKS for finding in check(of)]
    places = of.document
    return sorted({Fault((places.key if it.is_key else places.at)(it.pointer), it.message) for it in found})


# --- whose rights --------------------------------------------------------------------------------------------------


@IS_APART
def rights_for_all(of: Workflow) -> Iterator[Finding]:
    if "permissions" not in of.document.value:
        message = "`permissions: {}` is missing at the top, so a job that says nothing gets what the repository's settings give"
        yield Finding("", f"{message}; write it, and at each job what that needs")
    elif of.document.value["permissions"]:
        yield Finding(
            "/permissions", "holds for every job; write `permissions: {}`, and at each job what that needs", True
        )
    for job in of.jobs:
        if isinstance(job.value.get("permissions"), str):
            yield Finding(
                f"{job.at}/permissions", f"job {job.name} gets more than it needs; list what it needs, one by one"
            )


@IS_APART
def triggers_of_strangers(of: Workflow) -> Iterator[Finding]:
    for name in sorted({"pull_request_target", "issue_comment", "workflow_run"} & set(of.triggers)):
        message = f"{name} runs what a stranger sends with the rights of this repository; use pull_request"
        yield Finding(f"/on/{name}", message, True)


@IS_APART
def movable_pins(of: Workflow) -> Iterator[Finding]:
    for pin in pins(of):
        if pin.revision.startswith("sha256:"):
            continue
        if not re.fullmatch("[0-9a-f]{40}", pin.revision):
            message = f"{pin.name}@{pin.revision or '…'} can be made other code; write the commit's 40 digits, the version in a comment"
            yield Finding(pin.at, message)
        elif len(set(pin.revision)) < LEAST_DIGITS:
            released = f" {pin.version}" if pin.version else ""
            yield Finding(
                pin.at, f"{pin.name}: this commit stands for one to be written; write that of the release{released}"
            )
        elif not pin.version:
            yield Finding(
                pin.at, f"{pin.name}: nobody sees which release this commit is; write it in a comment, as `# v1.2.3`"
            )


@IS_APART
def kept_credentials(of: Workflow) -> Iterator[Finding]:
    for job in of.jobs:
        for at, inputs in job.using("actions/checkout"):
            if str(inputs.get("persist-credentials", "true")).lower() != "false":
                yield Finding(
                    f"{at}/with/persist-credentials",
                    "checkout leaves the token in .git for all that runs later; write `persist-credentials: false`",
                )


@IS_APART
def text_in_scripts(of: Workflow) -> Iterator[Finding]:
    for job in of.jobs:
        for at, step in job.steps:
            for place, script in (
                (f"{at}/run", step.get("run")),
                (f"{at}/with/script", part(step, "with").get("script")),
            ):
                if "${{" in str(script):
                    yield Finding(
                        place,
                        "an expression becomes part of the script, whatever text it stands for; hand it over in `env`",
                    )


@IS_APART
def forks_with_tokens(of: Workflow) -> Iterator[Finding]:
    for job in of.jobs:
        is_asking = job.may_write("id-token") and not job.calls_ours
        if of.is_for_pull_requests and is_asking and may_be_a_forks(job.condition):
            message = f"job {job.name} may ask for AWS credentials in a fork's pull request; write `if: {IN_THE_TREE}`"
            yield Finding(f"{job.at}/if" if job.condition else job.at, message, True)


@IS_APART
def tools_of_the_tree(of: Workflow) -> Iterator[Finding]:
    for job in of.jobs:
        for at, step in job.steps:
            installed = INSTALLING.findall(str(step.get("run", "")))
            if job.verbs and any(map(OF_THE_TREE.search, installed)):
                yield Finding(
                    f"{at}/run", "installs what the pull request wrote and runs it; install a release by its hash"
                )


@IS_APART
def idle_tokens(of: Workflow) -> Iterator[Finding]:
    for job in (job for job in of.jobs if job.verbs):  # others may sign or publish with it
        if job.may_write("id-token") and not any(job.using("aws-actions/configure-aws-credentials")):
            yield Finding(
                f"{job.at}/permissions/id-token",
                f"job {job.name} may ask for AWS credentials and does not; take `id-token` away",
            )


@IS_APART
def comments_beside_the_tree(of: Workflow) -> Iterator[Finding]:
    for job in (job for job in of.jobs if "comment" in job.verbs):
        for at, _ in job.using("actions/checkout"):
            yield Finding(
                at,
                f"job {job.name} may write to pull requests, so it must not have their files; `ci comment` needs none",
            )
        for name in ("id-token", "contents"):
            if job.may_write(name):
                yield Finding(
                    f"{job.at}/permissions/{name}",
                    f"job {job.name} comments, and needs no `{name}: write`; take it away",
                )


@IS_APART
def lasting_keys(of: Workflow) -> Iterator[Finding]:
    for pointer, text in _texts(of.document.value):
        if re.search(r"\bsecrets\s*(?:\.|\[\s*['\"])\s*AWS_", text, re.IGNORECASE):
            yield Finding(
                pointer, "a key of AWS that lasts can be stolen; let a role be assumed by OIDC, with `id-token: write`"
            )


@IS_APART
def shared_caches(of: Workflow) -> Iterator[Finding]:
    for job in (job for job in of.jobs if job.may_write("id-token")):
        for at, _ in job.using("actions/cache"):
            yield Finding(at, "a cache that other jobs fill runs with this job's credentials; leave it out")
        for at, inputs in job.using("actions/setup-"):
            if inputs.get("cache"):
                yield Finding(
                    f"{at}/with/cache",
                    "a cache that other jobs fill runs with this job's credentials; leave it out",
                    True,
                )


@IS_APART
def downloads_into_the_tree(of: Workflow) -> Iterator[Finding]:
    for job in of.jobs:
        for at, inputs in job.using("actions/download-artifact"):
            if not re.match(r"\$\{\{\s*runner\.temp\s*\}\}", str(inputs.get("path", ""))):
                yield Finding(
                    f"{at}/with/path",
                    "what another job left could write over the files here; write a `path` below ${{ runner.temp }}",
                )


# --- in order, to the end ------------------------------------------------------------------------------------------


@IS_ORDERLY
def applies_without_environment(of: Workflow) -> Iterator[Finding]:
    for job in (job for job in of.jobs if "apply" in job.verbs and "environment" not in job.value):
        message = f"job {job.name} applies with nobody asked; write an `environment` that only the main branch may use"
        yield Finding(job.at, message, True)


@IS_ORDERLY
def applies_side_by_side(of: Workflow) -> Iterator[Finding]:
    for job in (job for job in of.jobs if "apply" in job.verbs):
        at, said = of.concurrency(job)
        group, cancels = str(said.get("group", "")), said.get("cancel-in-progress", False)
        is_of_a_run = re.search(r"github\.(sha|run_id|run_number|head_ref|event\.)", group)
        is_of_a_branch = "github.ref" in group and "pull_request" not in group
        if not group:
            yield Finding(job.at, f"job {job.name}: two applies can run at once; write a `concurrency` group", True)
        elif is_of_a_run or is_of_a_branch:
            yield Finding(
                at, f"job {job.name}: two applies get two groups, so they run at once; write a constant one", True
            )
        if group and said.get("queue") != "max" and not is_of_a_run:
            yield Finding(at, f"job {job.name}: only one run waits, and a third one drops it; write `queue: max`", True)
        if cancels is True or (isinstance(cancels, str) and "pull_request" not in cancels):
            yield Finding(
                at, f"job {job.name} is stopped half-way by the next one; write `cancel-in-progress: false`", True
            )


@IS_ORDERLY
def callers_that_stop_applies(of: Workflow) -> Iterator[Finding]:
    for job in (job for job in of.jobs if job.calls_ours):
        at, said = of.concurrency(job)
        if said.get("cancel-in-progress") is True and set(of.triggers) != {"pull_request"}:
            message = "stops an apply half-way; write `${{ github.event_name == 'pull_request' }}`"
            yield Finding(f"{at}/cancel-in-progress", message)


@IS_ORDERLY
def plans_that_pile_up(of: Workflow) -> Iterator[Finding]:
    for job in (job for job in of.jobs if "plan" in job.verbs and of.is_for_pull_requests):
        _, said = of.concurrency(job)
        if not said.get("cancel-in-progress"):
            message = f"job {job.name} goes on with a plan that the next push made stale; write a `concurrency` group of the pull request"
            yield Finding(job.at, f"{message} with `cancel-in-progress: true`", True)


@IS_ORDERLY
def endless_jobs(of: Workflow) -> Iterator[Finding]:
    for job in of.jobs:
        if "uses" not in job.value and "timeout-minutes" not in job.value:
            yield Finding(job.at, f"job {job.name} may hang for six hours; write `timeout-minutes`", True)


@IS_ORDERLY
def shallow_clones(of: Workflow) -> Iterator[Finding]:
    for job in (job for job in of.jobs if job.verbs & ASKING_AWS):
        for at, inputs in job.using("actions/checkout"):
            if str(inputs.get("fetch-depth", 1)) != "0":
                yield Finding(
                    f"{at}/with/fetch-depth",
                    f"job {job.name} has no history to compare with or to name authors by; write `fetch-depth: 0`",
                )


@IS_ORDERLY
def plans_nobody_can_approve(of: Workflow) -> Iterator[Finding]:
    for job in of.jobs:
        if "plan" in job.verbs and not any(job.using("actions/upload-artifact")):
            yield Finding(
                job.at, f"job {job.name} keeps no plan, so nothing is approved; upload plan.json as an artifact", True
            )
        for at, inputs in job.using("actions/download-artifact"):
            if "apply" in job.verbs and not str(inputs.get("name", "")).startswith("reconcile-report"):
                message = (
                    f"job {job.name} takes what any job may have written; `ci apply` looks for approved plans itself"
                )
                yield Finding(at, message)


@IS_ORDERLY
def checks_that_are_skipped(of: Workflow) -> Iterator[Finding]:
    for name in ("paths", "paths-ignore"):
        if name in part(of.triggers, "pull_request"):
            message = (
                "a required check that is skipped blocks, or says yes to what it did not see; take the filter away"
            )
            yield Finding(f"/on/pull_request/{name}", message, True)
    telling = {job.name for job in of.jobs if job.verbs & {"validate", "plan", "apply"}}
    gates = [job for job in of.jobs if "always()" in job.condition and telling <= set(names(job.value.get("needs")))]
    if telling and not gates and of.is_for_pull_requests:
        message = f"no job always runs and needs {', '.join(sorted(telling))}; write one, and require it: a skipped check says yes"
        yield Finding("/jobs", message, True)


CHECKS: tuple[Check[[Workflow], Finding], ...] = (
    rights_for_all, triggers_of_strangers, movable_pins, kept_credentials, text_in_scripts, forks_with_tokens, tools_of_the_tree,
    idle_tokens, comments_beside_the_tree, lasting_keys, shared_caches, downloads_into_the_tree, applies_without_environment,
    applies_side_by_side, callers_that_stop_applies, plans_that_pile_up, endless_jobs, shallow_clones, plans_nobody_can_approve,
    checks_that_are_skipped,
)  # fmt: skip


def _texts(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _texts(item, f"{pointer}/{escaped(str(key))}")
        case list():
            for number, item in enumerate(value):
                yield from _texts(item, f"{pointer}/{number}")
        case str():
            yield pointer, value
