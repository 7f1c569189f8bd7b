"""Where a job runs, of its environment and event; what a missing or foreign member makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.github.job import job

ENVIRONMENT = {
    "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_RUN_ID": "7", "GITHUB_SHA": "5" * 40, "GITHUB_OUTPUT": "/tmp/out", "GITHUB_STEP_SUMMARY": "/tmp/summary",
}  # fmt: skip


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
