"""What a run of very many functions tells has room where it is told: GitHub drops a summary and refuses a comment that are too large."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.commands.ci.comment import mark_lines
from reconciler.commands.ci.evidence import Seen
from reconciler.commands.ci.told import Run, tell, telling_failures
from reconciler.commands.run import Ending
from reconciler.core.errors import Fault, SpecError
from reconciler.core.model import Origin
from reconciler.github.annotations import Annotation
from reconciler.github.client import forge
from reconciler.github.job import job
from reconciler.github.port import PullRequest
from tests.commands.ci.merging import shop_of
from tests.conftest import House, function_spec
from tests.github.fake import Hub

LARGEST_SUMMARY_BYTES, LONGEST_COMMENT = 2**20, 65_536
MANY = 2_500
LINES = 2_000
Document = dict[str, Any]


@pytest.fixture
def run(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Of thousands of functions, of which each is another: a run that refused them all, and one pull request that brought them."""
    shop = shop_of(house, hub, monkeypatch, {"one.yaml": function_spec("one", configuration="Timeout: 3")})
    number = shop.opened({"one.yaml": function_spec("one", configuration="Timeout: 9")})
    shop.planned(number)
    plan = json.loads((shop.folder.parent / "plan.json").read_text())
    plan["targets"] = [swollen(plan["targets"][0], one) for one in range(MANY)]
    summary = shop.house.root / "summary"
    environment = {**hub.environment(), "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    here = job(environment, {})
    assert here
    asked = forge(hub.token, hub.repository, hub.url, lambda _: None)
    request = PullRequest(number, hub.pulls[number].head, "main", "", is_fork=False)
    yield Run(here, "default", asked, merged=[Seen(request, plan)], plan=plan)
    assert summary.stat().st_size < LARGEST_SUMMARY_BYTES
    assert len(shop.comment(number)) < LONGEST_COMMENT


def swollen(target: Document, one: int) -> Document:
    text = json.dumps(target).replace("us-west-2/one", f"us-west-2/function-{one}").replace("9", str(one))
    return dict(json.loads(text))


def ended(run: Run) -> Ending:
    tasks = [
        {
            "id": str(one), "ownerId": "", "startTimeMs": None, "history": [], "resultObjects": [], "operations": [],
            "target": target["address"],
            "status": {
                "phase": "", "status": f"{'why not ' * 60}{one}", "complete": True, "completed": False, "failed": True,
                "retryable": False,
            },
        }
        for one, target in enumerate(run.plan["targets"])
    ]  # fmt: skip
    report = {
        "run": {"id": "x", "command": "ci apply", "duration_seconds": 1.0}, "provenance": {"commit": None}, "summary": {},
        "outcome": {"status": "refused", "exit_code": 23}, "tasks": tasks,
    }  # fmt: skip
    return Ending(report, Path("report.json"), 23)


def test_a_run_that_refused_thousands_is_told(run: Run) -> None:
    tell(run, ended(run))


def test_what_ended_a_run_of_thousands_is_told(run: Run) -> None:
    with pytest.raises(SpecError), telling_failures(run):
        raise SpecError([Fault(Origin(f"specs/{one}.yaml", 1, 1), "why not " * 60) for one in range(MANY)])


def test_of_thousands_of_lines_those_of_the_change_are_marked_by_few_requests(hub: Hub) -> None:
    here = job({**hub.environment(), "GITHUB_ACTIONS": "true", "GITHUB_SHA": "a" * 40}, {})
    assert here
    lines = [
        Annotation("notice", "what it does", "specs/one.yaml", line, is_edited=line > LINES - 100)
        for line in range(1, LINES + 1)
    ]
    mark_lines(here, forge(hub.token, hub.repository, hub.url, lambda _: None), "default", lines)
    (check,) = hub.checks("a" * 40)
    assert check.title == "500 of 2000 lines"
    assert [one["start_line"] for one in check.annotations[:100]] == [*range(LINES - 99, LINES + 1)]
    assert len(hub.requests) == 10
