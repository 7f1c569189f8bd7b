"""A kind that is one file and two lines of the registry is read, planned, applied, recovered, listed and exported, and one that a
function has one of at the most is a section without names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kinds.one_kind_more import DELETE, MEMBER, PUT


@pytest.fixture(scope="module")
def told() -> Any:
    command = [sys.executable, "-m", "tests.kinds.one_kind_more"]
    made = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


@pytest.mark.parametrize(
    ("step", "verbs", "calls"),
    [
        ("made", {"one": "create", "one/concurrency": "create"}, ["CreateFunction", PUT]),
        ("changed, and the answer lost", {"one/concurrency": "update"}, [PUT]),
        ("changed by somebody", {"one/concurrency": "update"}, [PUT]),
        ("one member left to others", {}, []),
        ("left to others", {}, []),
        ("no section", {}, []),
        ("emptied", {"one/concurrency": "delete"}, [DELETE]),
        ("made again", {"one/concurrency": "create"}, [PUT]),
        (
            "replaced with its function",
            {"one": "replace", "one/concurrency": "create"},
            ["DeleteFunction", "CreateFunction", PUT],
        ),
    ],
)
def test_each_change_is_planned_and_made_and_the_next_plan_is_empty(
    told: Any, step: str, verbs: dict[str, str], calls: list[str]
) -> None:
    assert told[step] == {"plan": verbs, "code": 0, "calls": calls, "again": {}}


def test_it_has_no_name_wherever_it_is_shown(told: Any) -> None:
    assert told["address"] == [""]
    assert told["listed"] == {"reservedConcurrentExecutions": 3}
    assert told["exported"] == {MEMBER: 3}


def test_an_ignored_path_that_can_never_match_is_told(told: Any) -> None:
    assert "/concurrency has no Nothing" in told["wrong"]
