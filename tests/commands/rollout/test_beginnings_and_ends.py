"""Rollouts that an apply began, from one end to the other: several at once, provisioned ones, again, and back by hand."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.report.answers import SCHEMAS
from reconciler.sandbox.around.faults import Fault, Script
from tests.commands.rollout.scenes import BEGUN, Clock, Scene
from tests.conftest import ACCOUNT, CONFIG, REGION, House
from tests.rollout.rolled import alias, applies, event, lives, marker, releases, says, traffic
from tests.spec.test_hostile_git import git

STEPS = "[{weight: 0.25, bake: 10m}]"
PLAIN = f"{{steps: {STEPS}}}"
JUDGED = f"{{steps: {STEPS}, watch: 10m, analysis: {{errors: {{max: 2%, least: 50}}}}}}"
SMOKED = f"{{steps: {STEPS}, smoke: [{{event: events/order.json, expect: {{/release: two}}}}]}}"


@pytest.fixture
def shop(scene: Scene) -> House:
    """Nothing but reconcile.yaml."""
    scene.house.remove("checkout.yaml")
    scene.lambda_.delete_function(FunctionName="checkout")
    scene.house.write("reconcile.yaml", CONFIG + "managedBy: shop\n", stock=False)
    return scene.house


def begins(house: House, *names: str, rollout: str = PLAIN, **said: Any) -> None:
    lives(house, *names, rollout=rollout, **said)
    for name in names or ("checkout",):
        releases(house, "two", name=name)
    applies(house)
    house.writes()


def advances(house: House, code: int = 0) -> dict[str, dict[str, Any]]:
    result = house.run("rollout", "advance", "--format", "json")
    assert result.exit_code == code, result.out + result.err
    return {one["address"].split("/")[2]: one for one in result.json()["rollouts"]}


def is_empty(house: House) -> bool:
    return house.verbs() == {}


CANARY = "{steps: [{weight: 0.25, bake: 10m}, {weight: 0.5, bake: 20m}], watch: 10m, analysis: {errors: {max: 2%, least: 50}}}"
COURSE: dict[str, tuple[int, list[int]]] = {
    "1 a tick every five minutes": (5, [10, 30, 40]),
    "31 each three hours late": (180, [180, 360, 540]),
}


@pytest.mark.parametrize("name", COURSE)
def test_scenario_01_a_canary_comes_to_all_of_the_traffic_with_an_empty_plan_at_every_tick_and_31_by_one_step_a_tick(
    shop: House, scene: Scene, clock: Clock, name: str
) -> None:
    every, expected = COURSE[name]
    begins(shop, rollout=CANARY)
    seen, moved = [traffic(shop)], []
    while marker(shop):
        clock.go_on(every)
        scene.both(60)
        advances(shop)
        assert is_empty(shop)
        advances(shop)
        if shop.writes():
            moved.append(round((clock.now - BEGUN).total_seconds() / 60))
            seen.append(traffic(shop))
    assert seen == [("1", {"2": 0.25}), ("1", {"2": 0.5}), ("2", {}), ("2", {})]
    assert moved == expected
    assert (alias(shop), is_empty(shop)) == (("2", {}, ""), True)
    assert shop.run("rollout", "status").out == "No rollout is open.\n"


def test_scenario_17_steps_that_are_edited_while_one_is_open_go_on_at_the_nearest_and_from_there(
    shop: House, clock: Clock
) -> None:
    begins(shop)
    says(shop, rollout="{steps: [{weight: 0.1, bake: 1m}, {weight: 0.4, bake: 30m}, {weight: 0.8, bake: 5m}]}")
    assert is_empty(shop)
    seen = []
    for minutes in (29, 1, 29, 1, 4, 1):
        clock.go_on(minutes)
        advances(shop)
        seen.append(traffic(shop)[1])
        assert is_empty(shop)
    assert seen == [{"2": 0.25}, {"2": 0.4}, {"2": 0.4}, {"2": 0.8}, {"2": 0.8}, {}]
    assert traffic(shop) == ("2", {})


def test_scenario_27_of_two_the_one_goes_back_and_the_other_is_done(shop: House, scene: Scene, clock: Clock) -> None:
    begins(shop, "audit", "checkout", rollout=JUDGED)
    clock.go_on(10)
    for name, errors in (("audit", 50), ("checkout", 0)):
        scene.calls("2", 100, errors, name=name)
    told = advances(shop, code=27)
    assert {name: one["did"] for name, one in told.items()} == {"audit": "back", "checkout": "promote"}
    assert (traffic(shop, "audit"), traffic(shop)) == (("1", {}), ("2", {}))
    assert is_empty(shop)


WARM = "provisioned_concurrency: {live: {ProvisionedConcurrentExecutions: 2}}\n"


def test_scenario_25_a_promotion_waits_until_what_is_provisioned_has_followed(shop: House, clock: Clock) -> None:
    begins(shop, extra=WARM)
    clock.go_on(10)
    seen = set()

    def looks(*_: object) -> None:
        """Time goes on, and AWS takes five seconds."""
        clock.go_on(1 / 60)
        seen.add(str(traffic_held(shop)))

    shop.sandbox.gate.region(ACCOUNT, REGION)[0].settle_seconds = 5
    shop.sandbox.gate.watch = looks
    assert advances(shop)["checkout"]["did"] == "promote"
    assert "('2', {'1': 1.0})" in seen
    assert (traffic(shop), is_empty(shop)) == (("2", {}), True)


def traffic_held(house: House) -> tuple[str, dict[str, float]]:
    held = house.sandbox.gate.region(ACCOUNT, REGION)[0].functions["checkout"].aliases["live"]
    return held.version, dict(held.weights)


def test_scenario_25_a_version_that_does_not_start_goes_back(shop: House, clock: Clock) -> None:
    begins(shop, extra=WARM)
    clock.go_on(10)
    shop.sandbox.gate.script = Script([Fault("UpdateAlias", nth=1, fails="FUNCTION_ERROR_INIT_FAILURE")])
    told = advances(shop, code=27)["checkout"]
    assert (told["did"], told["version"]) == ("back", "1")
    assert "does not start" in told["reason"]
    assert (traffic(shop), is_empty(shop)) == (("1", {}), True)


def test_scenario_25_a_move_at_once_to_a_version_that_does_not_start_goes_back_at_the_next_tick(shop: House) -> None:
    """AWS keeps the traffic where it was, and so it stays, whoever comes next: a tick, or a commit of something else."""
    begins(shop, extra=WARM, rollout="all-at-once")
    advances(shop)
    for release, then in (("three", "advance"), ("four", "commit")):
        releases(shop, release)
        shop.sandbox.gate.script = Script([Fault("UpdateAlias", nth=1, fails="FUNCTION_ERROR_INIT_FAILURE")])
        assert shop.run("apply", "--yes").exit_code == 25
        shop.sandbox.gate.script = Script([])
        assert shop.run("apply", "--yes").exit_code == 0
        assert traffic(shop)[1] == {"2": 1.0}
        if then == "advance":
            assert advances(shop, code=27)["checkout"]["did"] == "back"
            assert (traffic(shop), is_empty(shop)) == (("2", {}), True)
    says(shop, extra=WARM, rollout=PLAIN)
    releases(shop, "five")
    applies(shop)
    assert (traffic(shop), is_empty(shop)) == (("2", {"5": 0.25}), True)


def test_a_version_that_was_rejected_is_tried_again_from_its_smoke_events(shop: House, clock: Clock) -> None:
    event(shop)
    begins(shop, rollout=SMOKED)
    assert shop.run("rollout", "abort", "checkout/live", "--because", "no time").exit_code == 0
    clock.go_on(5)
    result = shop.run("rollout", "retry", "checkout/live")
    assert result.exit_code == 0, result.err
    asked = [request.operation for request in shop.sandbox.requests]
    assert [name for name in asked if name in ("Invoke", "UpdateAlias")] == ["UpdateAlias", "Invoke", "UpdateAlias"]
    mark = marker(shop)
    assert mark and (mark.state, mark.candidate, mark.begun) == ("step", "2", clock.now.replace(microsecond=0))
    assert (traffic(shop), is_empty(shop)) == (("1", {"2": 0.25}), True)


def test_one_that_does_not_pass_again_stays_where_it_is_and_says_why(shop: House) -> None:
    begins_before = f"{{steps: {STEPS}}}"
    begins(shop, rollout=begins_before)
    shop.run("rollout", "abort", "checkout/live", "--because", "no time")
    event(shop)
    says(shop, rollout=SMOKED.replace("release: two", "release: three"))
    shop.writes()
    result = shop.run("rollout", "retry", "checkout/live")
    assert result.exit_code == 27, result.out + result.err
    assert traffic(shop) == ("1", {})
    mark = marker(shop)
    assert mark and mark.state == "rejected"
    assert "/release" in mark.reason


def test_scenario_33_who_rolls_back_is_not_put_back_by_the_next_apply(shop: House, clock: Clock) -> None:
    begins(shop)
    clock.go_on(10)
    advances(shop)
    result = shop.run("rollback", "checkout/live", "--yes")
    assert result.exit_code == 0, result.err
    assert "2 is rejected, so the next apply leaves test/us-west-2/checkout/alias/live where it is" in result.err
    assert shop.writes() == ["UpdateAlias", "UpdateAlias"]
    mark = marker(shop)
    assert mark and (mark.state, mark.candidate, mark.reason) == ("rejected", "2", "rolled back to 1")
    assert (traffic(shop), is_empty(shop)) == (("1", {}), True)
    applies(shop)
    assert shop.writes() == []
    releases(shop, "three")
    applies(shop)
    assert traffic(shop) == ("1", {"3": 0.25})


def test_scenario_33_who_rolls_back_from_what_is_back_already_goes_further_and_lets_nothing_in_again(
    shop: House, scene: Scene, clock: Clock
) -> None:
    begins(shop, rollout=JUDGED)
    assert shop.run("rollout", "promote", "checkout/live", "--full").exit_code == 0
    clock.go_on(20)
    scene.calls("2", 100, 50)
    advances(shop, code=27)
    says(shop, rollout="all-at-once")
    releases(shop, "three")
    applies(shop)
    assert shop.run("rollback", "checkout/live", "--yes").exit_code == 0
    assert (traffic(shop), is_empty(shop)) == (("1", {}), True)
    result = shop.run("rollback", "checkout/live", "--to", "2", "--yes")
    assert (result.exit_code, "3 is rejected" in result.err) == (0, True)
    assert (traffic(shop), is_empty(shop)) == (("2", {}), True)
    result = shop.run("rollback", "checkout/live", "--to", "3", "--yes")
    assert (result.exit_code, "is rejected" in result.err) == (0, False)
    assert (alias(shop), is_empty(shop)) == (("3", {}, ""), True)


def test_scenario_33_a_rollback_does_not_lead_to_what_a_tick_took_back(shop: House, scene: Scene, clock: Clock) -> None:
    begins(shop, rollout=JUDGED)
    assert shop.run("rollout", "promote", "checkout/live", "--full").exit_code == 0
    clock.go_on(20)
    scene.calls("2", 100, 50)
    advances(shop, code=27)
    assert traffic(shop) == ("1", {})
    result = shop.run("rollback", "checkout/live", "--yes")
    assert (result.exit_code, "there is none below" in result.err) == (21, True), result.out + result.err
    assert traffic(shop) == ("1", {})


def test_scenario_33_a_pin_is_one_line_that_says_what_it_was_rolled_back_from(shop: House, clock: Clock) -> None:
    begins(shop)
    clock.go_on(10)
    advances(shop)
    path = shop.root / "specs" / "checkout.yaml"
    path.write_text(path.read_text().replace("publish: true\n", "# of ours\npublish: true\n"))
    before = path.read_text().splitlines()
    assert shop.run("rollback", "checkout/live", "--pin", "--yes").exit_code == 0
    after = path.read_text().splitlines()
    assert [line for line in after if line not in before] == ['    FunctionVersion: "1"  # rolled back from 2']
    assert len(after) == len(before)
    assert traffic(shop) == ("1", {})


def test_a_pin_can_be_a_commit_on_a_branch_of_its_own(
    shop: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
    begins(shop)
    clock.go_on(10)
    advances(shop)
    (shop.root / ".gitignore").write_text("reports\n")
    git(shop.root, "init", "-q", "-b", "main")
    git(shop.root, "add", "-A")
    git(shop.root, "commit", "-q", "-m", "as it is")
    result = shop.run("rollback", "checkout/live", "--pin", "--branch", "back", "--yes")
    assert result.exit_code == 0, result.err
    assert "To propose it to main: git push -u origin back" in result.err
    assert git(shop.root, "diff", "--numstat", "main", "back") == "1\t1\tspecs/checkout.yaml"
    assert git(shop.root, "status", "--porcelain") == ""
    assert (traffic(shop), is_empty(shop)) == (("1", {}), True)


def test_a_branch_that_is_there_is_told_before_the_alias_moves(shop: House) -> None:
    begins(shop)
    git(shop.root, "init", "-q", "-b", "main")
    result = shop.run("rollback", "checkout/live", "--branch", "back", "--yes")
    assert (result.exit_code, "--branch commits a pin; give --pin as well" in result.err) == (2, True)
    assert shop.run("rollback", "checkout/live", "--pin", "--branch", "main", "--yes").exit_code != 0
    assert shop.writes() == []


def test_a_rollback_of_an_open_rollout_leads_to_its_stable_version(shop: House, clock: Clock) -> None:
    begins(shop)
    clock.now += timedelta(minutes=1)
    result = shop.run("rollback", "checkout/live", "--yes")
    assert "back to version 1, the stable version of the rollout of 2" in result.out
    assert (traffic(shop), is_empty(shop)) == (("1", {}), True)


def test_a_stable_version_that_somebody_deleted_is_told_and_led_to_by_nobody(shop: House) -> None:
    begins(shop, rollout="{steps: [{weight: 0.25, bake: 10m}], watch: 15m}")
    assert shop.run("rollout", "promote", "checkout/live", "--full").exit_code == 0
    shop.lambda_.delete_function(FunctionName="checkout", Qualifier="1")
    shop.writes()
    assert "(W263)" in shop.run("plan").out
    result = shop.run("rollback", "checkout/live", "--yes")
    assert (result.exit_code, shop.writes()) == (21, [])
    assert "is on version 2, and there is none below; name one with --to (R251)" in result.err


def test_status_shows_how_far_it_is(shop: House) -> None:
    begins(shop)
    document = shop.run("status", "--format", "json").json()
    Draft202012Validator(SCHEMAS["status"]).validate(document)
    (live,) = document["functions"][0]["aliases"]
    assert live["rollout"]["status"] == "shifting"
    assert (live["rollout"]["candidate"], live["rollout"]["step"], live["rollout"]["steps"]) == ("2", 1, 1)
    assert "live 1 75% 2 25% (step 1 of 1)" in shop.run("status").out
    shop.run("rollout", "abort", "checkout/live", "--because", "it burns")
    assert "live 1 (2 rejected)" in shop.run("status").out


def test_a_tick_looks_at_no_code(shop: House, clock: Clock) -> None:
    begins(shop)
    clock.go_on(10)
    shutil.rmtree(shop.root / "specs" / "src")
    (shop.root / "specs" / "src" / "checkout").mkdir(parents=True)
    assert advances(shop)["checkout"]["did"] == "promote"


def test_what_cannot_be_read_is_told_and_the_others_are_taken_on(shop: House, clock: Clock) -> None:
    begins(shop, "audit", "checkout")
    clock.go_on(10)
    shop.sandbox.gate.script = Script([Fault("GetFunction", first=1, code="AccessDeniedException", status=403)])
    result = shop.run("rollout", "advance", "--format", "json")
    assert result.exit_code == 26, result.err
    document = result.json()
    assert [one["did"] for one in document["rollouts"]] == ["promote"]
    assert "GetFunction" in document["notes"][0]


def test_what_a_stranger_wrote_into_a_marker_moves_no_terminal(shop: House) -> None:
    begins(shop)
    shop.lambda_.update_alias(
        FunctionName="checkout", Name="live", RoutingConfig={"AdditionalVersionWeights": {}},
        Description="[rollout 2: rejected 2026-11-25T12:00:00Z: \x1b]0;x\x07 ::error::y]",
    )  # fmt: skip
    for words in (("rollout", "status"), ("rollout", "status", "--format", "json"), ("status",)):
        result = shop.run(*words)
        assert result.exit_code == 0, result.err
        assert not {"\x1b", "\x07"} & {*(result.out + result.err)}
