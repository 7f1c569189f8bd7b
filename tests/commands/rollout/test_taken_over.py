"""What becomes of an alias in a rollout where a function is imported, exported, or its drift accepted: a valid spec, whose plan is empty or says
what is to be known."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from reconciler.rollout.marker import Marker
from tests.commands.rollout.scenes import ADDRESS, Scene
from tests.spec.test_hostile_git import git

LEFT = "/aliases/live"
STATES: dict[str, tuple[Callable[[Scene], None], str]] = {
    "open": (lambda scene: scene.at_step(2, 0.25), "a rollout of version 2 is under way"),
    "watched": (
        lambda scene: scene.put(Marker("2", "watch", scene.clock.now, scene.clock.now, "1")),
        "a rollout of version 2 is under way",
    ),
    "rejected": (
        lambda scene: scene.put(Marker("2", "rejected", scene.clock.now, reason="errors 4.1 % > 2 %")),
        "a rollout turned version 2 away",
    ),
}


@pytest.fixture(params=STATES)
def state(request: pytest.FixtureRequest, scene: Scene) -> str:
    begin, told = STATES[request.param]
    begin(scene)
    return told


@pytest.mark.parametrize("others", [(), ("next",)], ids=["alone", "beside another"])
def test_who_imports_it_leaves_it_to_its_rollout_and_is_told(scene: Scene, state: str, others: tuple[str, ...]) -> None:
    for name in others:
        scene.lambda_.create_alias(FunctionName="checkout", Name=name, FunctionVersion="2")
    scene.house.remove("checkout.yaml")
    scene.house.writes()
    result = scene.house.run("import", "checkout", "--account", "test", "--region", "us-west-2", "--format", "json")
    assert result.exit_code == 0, result.err
    (file,) = result.json()["files"]
    reasons = {left["path"]: left["reason"] for left in file["left"]}
    assert (
        reasons[LEFT] == f"{state}, and no alias tells its steps; write it with `rollout`, as whoever began that has it"
    )
    text = (scene.house.root / "specs" / "checkout.yaml").read_text()
    assert "[rollout" not in text
    assert scene.house.run("validate").exit_code == 0
    assert [*scene.house.verbs()] == []
    assert ("next: {FunctionVersion: published}" in text, f'ignore: ["{LEFT}"]' in text) == (bool(others), bool(others))
    assert scene.house.writes() == []


def test_what_a_report_keeps_of_a_function_that_goes_has_no_marker(scene: Scene, state: str) -> None:
    path = scene.house.root / "specs" / "checkout.yaml"
    path.write_text("function: checkout\naccount: test\nregion: us-west-2\nstate: absent\n")
    result = scene.house.run("apply", "--yes", "--allow-deletes", "1", "--format", "json")
    assert result.exit_code == 0, result.err
    (kept,) = result.json()["exports"]
    assert kept["spec"]["aliases"]["live"]["Description"] == "takes orders"
    assert "[rollout" not in json.dumps(kept["spec"])


def committed(scene: Scene) -> None:
    (scene.house.root / ".gitignore").write_text("reports\n")
    git(scene.house.root, "init", "-q", "-b", "main")
    git(scene.house.root, "add", "-A")
    git(scene.house.root, "commit", "-qm", "a shop")


def test_a_rollout_is_no_drift_to_be_accepted_and_its_text_is(scene: Scene, state: str) -> None:
    committed(scene)
    assert "Nothing has drifted." in scene.house.run("drift", "accept").out
    before = scene.lambda_.get_alias(FunctionName="checkout", Name="live")["Description"]
    scene.lambda_.update_alias(
        FunctionName="checkout", Name="live", Description=before.replace("takes orders", "by hand")
    )
    result = scene.house.run("drift", "accept", "--format", "json")
    assert result.exit_code == 0, result.err
    (taken,) = result.json()["accepted"]
    assert (taken["path"], taken["after"]) == ("/aliases/live/Description", "by hand")
    assert [*scene.house.verbs()] == []


@pytest.mark.parametrize("flags", [(), ("--pin",)])
def test_traffic_that_somebody_moved_is_left_with_what_to_say(scene: Scene, flags: tuple[str, ...]) -> None:
    scene.at_step(2, 0.25)
    committed(scene)
    before = (scene.house.root / "specs" / "checkout.yaml").read_text()
    scene.lambda_.update_alias(
        FunctionName="checkout", Name="live", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}}
    )
    result = scene.house.run("drift", "accept", *flags, "--format", "json")
    assert result.exit_code == 21
    document = result.json()
    assert document["accepted"] == []
    (left,) = document["left"]
    assert left["path"] == LEFT
    assert left["reason"].startswith("somebody moved its traffic: 2 at 50 %, where the rollout of 2 has 2 at 25 %; ")
    assert "`reconcile rollout resume --reset`" in left["reason"]
    assert (scene.house.root / "specs" / "checkout.yaml").read_text() == before
    assert scene.house.run("rollout", "resume", ADDRESS, "--reset").exit_code == 0
    assert "Nothing has drifted." in scene.house.run("drift", "accept").out
