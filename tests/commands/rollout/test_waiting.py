"""`apply --wait`: ticks until a rollout is over, waits for a person, or the budget is spent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.commands.rollout import advancing
from reconciler.report.journal import read_json
from tests.commands.rollout.scenes import Scene, frozen
from tests.conftest import Result


@pytest.fixture
def waiting(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """An apply that waits; instead of each pause so many minutes are gone, with traffic in which so many of a hundred calls fail."""

    def waited(*arguments: str, errors: int = 0, minutes: int = 11) -> Result:
        def pause(until: float, stop: object) -> bool:
            scene.clock.go_on(minutes)
            scene.both(100, errors)
            return True

        monkeypatch.setattr(advancing, "_paused", pause)
        return scene.house.run("apply", "--yes", *arguments)

    return waited


@pytest.fixture
def open_scene(scene: Scene) -> Scene:
    """What git says is there but for the rollout, which is open."""
    scene.at_step(4, 0.5)
    return scene


def test_it_waits_until_the_watch_is_over(open_scene: Scene, waiting: Callable[..., Result]) -> None:
    result = waiting("--wait", "--report-dir", "reports")
    assert result.exit_code == 0, result.err
    assert open_scene.alias() == ("2", {}, None)
    assert "2 at 100 %, watched since" in result.err
    assert "the rollout is over" in result.err


def test_it_ends_with_27_where_one_went_back(open_scene: Scene, waiting: Callable[..., Result]) -> None:
    result = waiting("--wait=30m", errors=9)
    assert result.exit_code == 27, result.err
    assert open_scene.alias()[0] == "1"


def test_it_ends_with_28_where_a_person_is_waited_for(scene: Scene, waiting: Callable[..., Result]) -> None:
    scene.at_step(2, 0.25)
    result = waiting("--wait=30m")
    assert result.exit_code == 28, result.err
    assert "rollout promote" in result.err


def test_it_ends_with_28_where_a_freeze_holds(open_scene: Scene, waiting: Callable[..., Result]) -> None:
    frozen(open_scene)
    result = waiting("--wait=30m", minutes=61)
    assert result.exit_code == 28, result.err
    assert "held until 2026-11-30 08:00 Europe/Berlin by freeze weekend" in result.err
    assert open_scene.alias()[1] == {"2": 0.5}


def test_who_breaks_a_freeze_breaks_it_for_the_rollouts_that_are_waited_for(
    open_scene: Scene, waiting: Callable[..., Result]
) -> None:
    frozen(open_scene)
    result = waiting("--wait=30m", "--break-freeze", "weekend", "--because", "the till is down", minutes=61)
    assert result.exit_code == 0, result.err
    assert open_scene.alias()[0] == "2"
    broken = [read_json(path)["run"].get("broken") for path in (open_scene.house.root / "reports").glob("*.json")]
    assert {"freezes": ["weekend"], "because": "the till is down"} in broken


def test_what_is_open_when_the_budget_is_spent_stays_open_and_is_told(
    open_scene: Scene, waiting: Callable[..., Result]
) -> None:
    result = waiting("--wait=0s")
    assert result.exit_code == 0, result.err
    assert "1 rollout left open; `reconcile rollout advance` goes on" in result.err


def test_a_span_that_is_none_is_told(scene: Scene) -> None:
    result = scene.house.run("apply", "--yes", "--wait", "checkout")
    assert result.exit_code == 2
    assert "'checkout' is no span of time; write --wait=90s" in result.err
