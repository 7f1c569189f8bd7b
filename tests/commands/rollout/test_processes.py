"""Rollouts as they are seen from outside: programs of their own, the sandbox by HTTP, a kill, two at once, a clock that is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.refusals import Reset
from tests.commands.rollout.scenes import Scene
from tests.conftest import House
from tests.rollout.rolled import applies, event, lives, marker, releases, traffic

SMOKE = "{steps: [{weight: 0.05, bake: 10m}], smoke: [{event: events/order.json, expect: {/statusCode: 200}}]}"
RECONCILE = [sys.executable, "-m", "reconciler"]
OFF = """
import datetime, sys, time
off, real = float(sys.argv.pop(1)), time.time
time.time = lambda: real() + off
class Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(seconds=off)
datetime.datetime = Shifted
from reconciler.cli import main
main()
"""


def begun(house: House, command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, cwd=house.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


@pytest.mark.parametrize("when", ["before", "after"])
def test_scenario_03_a_kill_between_the_smoke_event_and_the_first_step_or_04_right_after_it(
    house: House, when: str
) -> None:
    event(house)
    lives(house, rollout=SMOKE)
    releases(house, "two")
    running: list[subprocess.Popen[str]] = []

    def kills(operation: str, *_: Any) -> None:
        if operation == "UpdateAlias":
            running[0].kill()
            running[0].wait()
            raise Reset

    setattr(house.sandbox.gate, {"before": "watch", "after": "watch_answer"}[when], kills)
    running.append(begun(house, [*RECONCILE, "apply", "--yes"]))
    code, _ = ended(running[0])
    setattr(house.sandbox.gate, {"before": "watch", "after": "watch_answer"}[when], lambda *_: None)
    assert code == -9
    assert called(house, "Invoke", "UpdateAlias")[:1] == ["Invoke"]
    is_begun = when == "after"
    assert traffic(house) == ("1", {"2": 0.05} if is_begun else {})
    assert (marker(house) is not None) == is_begun
    assert house.verbs() == ({} if is_begun else {"checkout/alias/live": "update"})
    house.writes()
    applies(house)
    writes = called(house, "Invoke", "UpdateAlias", "PublishVersion")
    assert writes == ([] if is_begun else ["Invoke", "UpdateAlias"])
    mark = marker(house)
    assert mark
    assert (traffic(house), mark.step, house.verbs()) == (("1", {"2": 0.05}), 1, {})


def called(house: House, *names: str) -> list[str]:
    return [request.operation for request in house.sandbox.requests if request.operation in names]


def test_scenario_28_of_two_processes_that_tick_at_once_one_takes_the_step(scene: Scene) -> None:
    """Both have decided on it when the first of their calls is carried out. In one and the same second they want the same, and either may
    take the other's for its own."""
    scene.at_step()
    scene.clock.go_on(11)
    scene.both()
    both, came = threading.Barrier(2), list[str]()

    def together(operation: str, _: Mapping[str, Any]) -> None:
        scene.clock.go_on(1 / 60 if operation == "ListAliases" else 0)
        if operation == "UpdateAlias" and len(came) < 2:
            came.append(operation)
            with suppress(threading.BrokenBarrierError):
                both.wait(timeout=60)

    scene.house.sandbox.gate.watch = together
    command = [*RECONCILE, "rollout", "advance", "--format", "json"]
    results = [ended(process) for process in [begun(scene.house, command) for _ in range(2)]]
    assert (both.broken, [code for code, _ in results]) == (False, [0, 0])
    (first,), (second,) = (json.loads(text.partition("\ntest/")[0])["rollouts"] for _, text in results)
    assert sorted([first["did"], second["did"]]) == ["none", "step"]
    assert (first["step"], second["step"]) == (2, 2)
    tried = [request.status for request in scene.house.sandbox.requests if request.operation == "UpdateAlias"]
    assert sorted(tried) == [200, 412]
    assert scene.alias()[1] == {"2": 0.25}


@pytest.mark.parametrize(
    ("hours", "minutes", "did"), [(1, 9, "none"), (-1, 11, "step")], ids=["before its time", "due"]
)
def test_scenario_30_a_runners_clock_that_is_an_hour_off_changes_nothing(
    scene: Scene, tmp_path: Path, hours: int, minutes: int, did: str
) -> None:
    """AWS's own is right. By the runner's a step would be due that is not, or not yet due that is."""
    scene.clock.now = datetime.now(UTC).replace(microsecond=0)
    scene.at_step()
    scene.clock.go_on(minutes)
    scene.both()
    script = tmp_path / "off.py"
    script.write_text(OFF)
    command = [sys.executable, str(script), str(hours * 3600), "rollout", "advance", "--format", "json"]
    code, text = ended(begun(scene.house, command))
    assert code == 0, text
    assert json.loads(text.partition("\ntest/")[0])["rollouts"][0]["did"] == did
    mark = scene.alias()[2]
    assert mark
    assert mark.since == (scene.clock.now if did == "step" else mark.begun)
