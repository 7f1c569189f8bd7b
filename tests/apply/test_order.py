"""Which target is carried out when: each once those that it waits for are done, and not a moment later."""

from __future__ import annotations

import random
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.perform import begin, perform
from reconciler.apply.run import Outcome, Run
from reconciler.core.model import Key, Live, Target
from reconciler.core.plans import Operation, Plan, TargetPlan
from reconciler.core.waiting import Flow, Pause
from reconciler.report.journal import Journal, events
from tests.report.journals import PROVENANCE, SUMMARY

HEADER = {"run": {"id": "0123456789ab", "command": "apply", "owner": "o"}, "provenance": PROVENANCE, "summary": SUMMARY}


class Quiet:
    """An AWS that nobody asks for anything."""

    patience_seconds = 300.0

    def now(self) -> float:
        return 0.0

    def pause(self, _: float) -> None:
        pass

    def is_stopping(self) -> bool:
        return False


def target(name: str) -> Target:
    return Target("test", "us-west-2", name)


def planned(name: str, *after: str, is_new: bool = False) -> TargetPlan:
    key = Key(target(name), "function")
    operation = Operation(f"{name}-1", key, "TagResource", "UPDATE", {})
    before = () if is_new else (Live(key, {}),)
    return TargetPlan(target(name), (), (operation,), after=tuple(map(target, after)), before=before)


class Stage:
    """Targets that are carried out by `act` instead of by calls, and the names in the order in which they began and ended."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.order = folder, list[str]()
        self.outcomes: dict[str, Outcome] = {}
        self.held: dict[str, threading.Event] = {}
        monkeypatch.setattr("reconciler.apply.perform.perform_target", self.act)

    def act(self, plan: TargetPlan, _: Run) -> Flow[Outcome]:
        name = plan.target.name
        self.order.append(f"{name} begins")
        if name in self.held:
            assert self.held[name].wait(30)
        yield Pause(0.0)
        self.order.append(f"{name} ends")
        for held in self.held.values():
            held.set() if name == "frees" else None
        return self.outcomes.get(name, "succeeded")

    def perform(self, *plans: TargetPlan) -> dict[str, Any]:
        plan = Plan(plans, "", "", "")
        with Journal(self.folder, "run") as journal:
            run = Run(Quiet(), journal)  # type: ignore[arg-type]
            begin(plan, run, HEADER, ())
            outcomes = perform(plan, run).outcomes
        return {target.name: outcome for target, outcome in outcomes.items()}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path, monkeypatch)


def test_a_target_begins_when_those_it_waits_for_are_done_and_waits_for_no_others(stage: Stage) -> None:
    """`slow` is of the first wave; what is of the second and third frees it."""
    stage.held["slow"] = threading.Event()
    outcomes = stage.perform(planned("layer"), planned("slow"), planned("user", "layer"), planned("frees", "user"))
    assert set(outcomes.values()) == {"succeeded"}
    assert stage.order.index("layer ends") < stage.order.index("user begins")
    assert stage.order.index("frees ends") < stage.order.index("slow ends")


def test_what_waits_for_a_target_that_was_not_done_is_refused_and_so_is_what_waits_for_that(stage: Stage) -> None:
    stage.outcomes["layer"] = "failed"
    outcomes = stage.perform(
        planned("layer"), planned("user", "layer"), planned("next", "user"), planned("free", "gone")
    )
    assert outcomes == {"layer": "failed", "user": "refused", "next": "refused", "free": "succeeded"}
    refused = [event for event in events(stage.folder / "run.jsonl") if event["event"] == "task_refused"]
    assert len(refused) == 2


def test_what_is_new_is_begun_before_what_lives(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.aws.jobs.WORKERS", 1)
    stage.perform(planned("old"), planned("older"), planned("new", is_new=True), planned("newer", is_new=True))
    assert stage.order[:2] == ["new begins", "newer begins"]
    assert stage.order[-4:] == ["old begins", "old ends", "older begins", "older ends"]


def test_any_order_that_a_plan_asks_for_is_kept(stage: Stage) -> None:
    draw = random.Random(12)
    names = [f"t{number}" for number in range(60)]
    plans = [planned(name, *draw.sample(names[:place], min(place, 3))) for place, name in enumerate(names)]
    draw.shuffle(plans)
    assert set(stage.perform(*plans).values()) == {"succeeded"}
    for plan in plans:
        for other in plan.after:
            assert stage.order.index(f"{other.name} ends") < stage.order.index(f"{plan.target.name} begins")


def test_twice_as_many_targets_cost_twice_as_much_whatever_they_wait_for(stage: Stage, tmp_path: Path) -> None:
    """What is counted is how many functions are called by who decides."""

    def called(count: int) -> int:
        calls = 0

        def heard(_frame: Any, event: str, _argument: Any) -> None:
            nonlocal calls
            calls += event == "call"

        first = [planned(f"{count}-{number}") for number in range(count)]
        then = [planned(f"{count}-{number}-then", f"{count}-{number}", f"{count}-0") for number in range(count)]
        stage.folder = tmp_path / f"{count}"
        stage.folder.mkdir()
        before = sys.getprofile()
        sys.setprofile(heard)
        try:
            outcomes = stage.perform(*first, *then)
        finally:
            sys.setprofile(before)
        assert len(outcomes) == 2 * count
        return calls

    called(10)  # what is imported and made but once
    few, many = called(100), called(200)
    assert many < 2.2 * few


def test_a_record_that_cannot_be_kept_ends_the_run_with_that(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Flow[Outcome]:
        yield Pause(0.0)
        raise OSError("the disk is full")

    monkeypatch.setattr("reconciler.apply.perform.perform_target", full)
    with pytest.raises(OSError, match="the disk is full"):
        stage.perform(planned("a"), planned("b", "a"))
