"""GitHub's rows as values, where they are rarer than the fake's: what GitHub itself does not describe, or leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.errors import ForgeError
from reconciler.github import reading, rights
from tests.github.fake.contract import operation

ARTIFACT = operation("actions/list-artifacts-for-repo").example["artifacts"][0]
PULL = operation("repos/list-pull-requests-associated-with-commit").example[0]


def test_githubs_own_artifact_is_not_foreign() -> None:
    assert not reading.artifact(ARTIFACT).is_foreign


@pytest.mark.parametrize(
    "run",
    [
        None,
        {},
        {"head_sha": "a" * 40},
        {"repository_id": 1, "head_repository_id": None},
        {"repository_id": None, "head_repository_id": None},
        {"repository_id": 1, "head_repository_id": 2},
    ],
)
def test_an_artifact_that_cannot_say_whose_run_made_it_is_foreign(run: Any) -> None:
    assert reading.artifact(ARTIFACT | {"workflow_run": run}).is_foreign


def test_a_pull_request_whose_fork_was_deleted_is_a_forks() -> None:
    assert not reading.pull_request(PULL).is_fork
    assert reading.pull_request(PULL | {"head": PULL["head"] | {"repo": None}}).is_fork


@pytest.mark.parametrize("head", [None, "text", {}])
def test_a_row_that_lacks_what_is_read_is_an_error(head: Any) -> None:
    with pytest.raises(ForgeError, match="cannot read pull requests: what came back is not as GitHub answers"):
        reading.value(rights.READ_PULL_REQUESTS, reading.pull_request, PULL | {"head": head})
