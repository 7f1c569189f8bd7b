"""The job of GitHub Actions that this process runs in, as its environment and event say. Pure: both come in as values.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BY_HAND = "workflow_dispatch"
ON_A_BRANCH = ("push", BY_HAND, "schedule")  # at these a workflow runs as the branch itself has it
PULL_REQUEST, QUEUE, PUSH = "pull_request", "merge_group", "push"


@dataclass(frozen=True, slots=True)
class Job:
    """`base` is the commit that a change is compared with, empty where the event has none; `head` the one that is looked at.
    `output` and `summary` are the files in which the runner takes what a step hands on, empty where there is none; `temp` is a
    folder that goes with the job. A `fork`'s job has neither credentials nor a token that writes. `branch` is the one that was
    pushed to, or that a pull request or queue is for; `queued` the one that a queue made to be tried; schedules run on the
    `default_branch`."""

    event: str
    base: str
    head: str
    repository_url: str
    run_url: str
    number: int | None = None
    is_fork: bool = False
    output: str = ""
    summary: str = ""
    temp: str = ""
    repository: str = ""
    branch: str = ""
    queued: str = ""
    default_branch: str = ""
    token: str = field(default="", repr=False)
    api_url: str = ""


def job(environment: Mapping[str, str], event: Mapping[str, Any]) -> Job | None:
    """None outside Actions. `event` is the document at GITHUB_EVENT_PATH; what it lacks is empty."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return None
    name, repository = environment.get("GITHUB_EVENT_NAME", ""), environment.get("GITHUB_REPOSITORY", "")
    url = f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}"
    request, branch = part(event, PULL_REQUEST), _branch(name, event, environment)
    return Job(
        event=name,
        base=_base(name, event),
        head=text(part(request, "head"), "sha") or environment.get("GITHUB_SHA", ""),
        repository_url=url,
        run_url=f"{url}/actions/runs/{environment.get('GITHUB_RUN_ID', '')}",
        number=request.get("number") if isinstance(request.get("number"), int) else None,
        is_fork=bool(request) and text(part(request, "head", "repo"), "full_name") != repository,
        output=environment.get("GITHUB_OUTPUT", ""),
        summary=environment.get("GITHUB_STEP_SUMMARY", ""),
        temp=environment.get("RUNNER_TEMP", ""),
        repository=repository,
        branch=branch,
        queued=text(part(event, QUEUE), "head_ref"),
        default_branch=text(part(event, "repository"), "default_branch") or branch,
        token=environment.get("GITHUB_TOKEN", ""),
        api_url=environment.get("GITHUB_API_URL", "https://api.github.com"),
    )


def _base(name: str, event: Mapping[str, Any]) -> str:
    match name:
        case "pull_request":
            return text(part(event, PULL_REQUEST, "base"), "sha")
        case "merge_group":
            return text(part(event, QUEUE), "base_sha")
        case "push":
            before = text(event, "before")
            return "" if not before.strip("0") else before  # of a branch that is new there is nothing before
    return ""


def _branch(name: str, event: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    match name:
        case "pull_request":
            return text(part(event, PULL_REQUEST, "base"), "ref")
        case "merge_group":
            return text(part(event, QUEUE), "base_ref").removeprefix("refs/heads/")
    return environment.get("GITHUB_REF", "").removeprefix("refs/heads/")


def part(value: Any, *steps: str) -> Mapping[str, Any]:
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def text(value: Mapping[str, Any], name: str) -> str:
    member = value.get(name)
    return member if isinstance(member, str) else ""
