"""Where a job runs, of its environment and event; what a missing or foreign member makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.github.job import Job, job
from reconciler.github.queue import number_of

ENVIRONMENT = {
    "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_RUN_ID": "7", "GITHUB_SHA": "5" * 40, "GITHUB_OUTPUT": "/tmp/out", "GITHUB_STEP_SUMMARY": "/tmp/summary",
}  # fmt: skip

EVENTS = Path(__file__).parent / "events"  # as GitHub's own examples have them
OLD, NEW = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", "ec26c3e57ca3a959ca5aad62de7213c562f8c821"


def example(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def job_of(name: str, event: dict[str, Any]) -> Job:
    """Of a run in the repository that the event is of."""
    here = {"GITHUB_EVENT_NAME": name.partition(".")[0], "GITHUB_REPOSITORY": event["repository"]["full_name"]}
    found = job(ENVIRONMENT | here, event)
    assert found is not None
    return found


def request(repository: str = "acme/shop") -> dict[str, Any]:
    return {
        "pull_request": {
            "number": 12, "base": {"sha": "b" * 40}, "head": {"sha": "c" * 40, "repo": {"full_name": repository}}
        }
    }  # fmt: skip


def test_outside_actions_there_is_no_job() -> None:
    assert job({}, request()) is None
    assert job({"GITHUB_ACTIONS": "1"}, request()) is None


def test_a_pull_request_is_compared_with_its_base() -> None:
    found = job(ENVIRONMENT | {"GITHUB_EVENT_NAME": "pull_request"}, request())
    assert found is not None
    assert (found.base, found.head, found.number, found.is_fork) == ("b" * 40, "c" * 40, 12, False)
    assert found.run_url == "https://github.com/acme/shop/actions/runs/7"
    assert (found.output, found.summary) == ("/tmp/out", "/tmp/summary")


@pytest.mark.parametrize("repository", ["stranger/shop", ""])
def test_a_head_of_another_repository_or_of_none_is_a_fork(repository: str) -> None:
    found = job(ENVIRONMENT | {"GITHUB_EVENT_NAME": "pull_request"}, request(repository))
    assert found is not None
    assert found.is_fork


@pytest.mark.parametrize(
    ("name", "event", "base"),
    [
        ("merge_group", {"merge_group": {"base_sha": "d" * 40}}, "d" * 40),
        ("push", {"before": "e" * 40}, "e" * 40),
        ("push", {"before": "0" * 40}, ""),
        ("schedule", {}, ""),
        ("pull_request", {"pull_request": "text"}, ""),
        ("pull_request", {"pull_request": {"base": {"sha": 7}, "number": "12"}}, ""),
    ],
)
def test_each_event_has_its_base_or_none(name: str, event: dict[str, Any], base: str) -> None:
    found = job(ENVIRONMENT | {"GITHUB_EVENT_NAME": name}, event)
    assert found is not None
    assert found.base == base
    assert found.number is None


@pytest.mark.parametrize(
    ("name", "base", "head", "number"),
    [
        ("pull_request.opened", OLD, NEW, 2),
        ("pull_request.synchronize", OLD, NEW, 2),
        ("merge_group", "380387fbc80638b734a49e1be1c4dfec1c01b33c", "5" * 40, None),
        ("push", "", "5" * 40, None),
        ("workflow_dispatch", "", "5" * 40, None),
    ],
)
def test_an_event_as_github_sends_it_is_understood(name: str, base: str, head: str, number: int | None) -> None:
    found = job_of(name, example(name))
    assert (found.base, found.head, found.number, found.is_fork) == (base, head, number, False)


def test_a_pull_request_as_github_sends_it_is_a_forks_where_its_head_lies_elsewhere() -> None:
    event = example("pull_request.opened")
    event["pull_request"]["head"]["repo"]["full_name"] = "stranger/Hello-World"
    assert job_of("pull_request", event).is_fork
    event["pull_request"]["head"]["repo"] = None  # of a fork that was deleted
    assert job_of("pull_request", event).is_fork


def test_the_default_branch_is_the_repositorys_or_where_that_is_not_told_the_one_that_ran() -> None:
    event = example("pull_request.opened")
    event["repository"]["default_branch"], event["pull_request"]["base"]["ref"] = "trunk", "release"
    found = job_of("pull_request", event)
    assert (found.branch, found.default_branch) == ("release", "trunk")
    scheduled = job(ENVIRONMENT | {"GITHUB_EVENT_NAME": "schedule", "GITHUB_REF": "refs/heads/main"}, {})
    assert scheduled is not None
    assert scheduled.default_branch == "main"


def test_a_queue_as_github_sends_it_says_what_it_tries_and_for_which_branch() -> None:
    found = job_of("merge_group", example("merge_group"))
    assert (found.branch, number_of(found.queued)) == ("main", 104)
    assert job_of("push", example("push")).queued == ""


def test_a_push_as_github_sends_it_is_compared_with_what_was_there() -> None:
    assert job_of("push", example("push") | {"before": OLD}).base == OLD
